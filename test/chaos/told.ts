/** What notices and the ledger say after runs were killed: each end told once, and nothing that still counts as going on. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entriesOf, type SpendLine } from "../../src/core/spend/spend-entries.ts";

/** Below this many runs at a time no plan is refused. */
const MANY = 1_000;

/** A configuration folder with both, for all processes of one plan. */
export class Told {
  readonly configHome: string;
  readonly #hooked: string;
  readonly #stateDir: string;

  constructor(folder: string, stateDir: string) {
    this.configHome = join(folder, "config");
    this.#hooked = join(folder, "hooked.jsonl");
    this.#stateDir = stateDir;
    const own = join(this.configHome, "seren-bridge");
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const hook = `command = ["sh", "-c", "cat >> '${this.#hooked}'"]`;
    const text = `[notify]\n${hook}\n[limits]\nactive_runs = ${MANY}\nday_usd = ${MANY}\n`;
    writeFileSync(join(own, "config.toml"), text, { mode: 0o600 });
  }

  /** `ended`: runs that a process which lives has seen to their ends. */
  check(ended: readonly string[]): string[] {
    const problems: string[] = [];
    const told = linesOf(this.#hooked).map((line) => JSON.parse(line) as { run_id: string; event: string });
    const names = told.map(({ run_id, event }) => `${event} of ${run_id}`);
    for (const name of new Set(names))
      if (names.indexOf(name) !== names.lastIndexOf(name)) problems.push(`N1: two notices: ${name}`);
    const entries = entriesOf(this.#ledger(), Date.now());
    for (const id of ended) {
      if (!told.some(({ run_id }) => run_id === id)) problems.push(`N2: no notice of the end of ${id}`);
      const entry = entries.find(({ runs }) => runs.includes(id));
      if (!entry) problems.push(`L2: the ledger does not know ${id}`);
      else if (entry.open) problems.push(`L1: ${id} goes on in the ledger`);
    }
    return problems;
  }

  #ledger(): SpendLine[] {
    const folder = join(this.#stateDir, "spend", "local");
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) => linesOf(join(folder, name)).map((line) => JSON.parse(line)));
  }
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

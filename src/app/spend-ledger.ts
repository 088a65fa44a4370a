/**
 * The ledger of what runs cost, in the state folder: a file for each day of UTC, to which lines are added. A line is one write, so
 * lines of several processes do not mix; one that a crash has cut is skipped.
 */
import { appendFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import type { Config } from "../config.ts";
import type { SpendLedger, SpendLine } from "../core/engine.ts";
import { Locks, stateDisk } from "../state/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { makeFolder } from "../support/make-folder.ts";
import { parseJson } from "../support/objects.ts";
import { readPlainFile } from "../support/plain-file.ts";
import { isLoopback } from "../support/proxy.ts";
import type { Responsive } from "../support/responsive.ts";
import { pathFailure } from "../support/system-error.ts";
import { JITLESS } from "../support/zod.ts";
import { STATE_LAYOUT } from "./state-layout.ts";

const DAY_MS = 24 * 60 * 60_000;
const KEPT_DAYS = 400;
/** Some hundred thousand lines. More in a day than any limit allows. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const FILE = /^\d{4}-\d\d-\d\d\.jsonl$/;

const text = z.string().max(1_000);
const micros = z.number().int().min(0);
const LineSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("start"), id: text, at: z.number(), host: text, agent: text }),
  z.object({ kind: z.literal("run"), id: text, run: text, deployment: text }),
  z.object({ kind: z.literal("cost"), run: text, micros }),
  z.object({ kind: z.literal("end"), run: text, micros: micros.optional() }),
  z.object({ kind: z.literal("none"), id: text }),
]);

/** What a service of this machine says it costs is no money, so it has a ledger of its own. */
function spendFolder(config: Config): string {
  const isPretended = config.local || isLoopback(new URL(config.apiBase()).hostname);
  return join(config.stateDir, STATE_LAYOUT.spend, isPretended ? "local" : "cloud");
}

export class DiskLedger implements SpendLedger {
  readonly #folder: string;
  readonly #ambient: Ambient;
  readonly #disk: Responsive;
  readonly #locks: Locks;
  #hasTidied = false;

  constructor(config: Config, ambient: Ambient) {
    const { stateDir } = config;
    this.#folder = spendFolder(config);
    this.#ambient = ambient;
    this.#disk = stateDisk(stateDir, ambient);
    this.#locks = new Locks(join(stateDir, STATE_LAYOUT.locks), ambient, this.#disk);
  }

  read(since: number): Promise<SpendLine[]> {
    return this.#disk.ask(async () => {
      const lines: SpendLine[] = [];
      for (let day = since - (since % DAY_MS); day <= this.#ambient.now(); day += DAY_MS) {
        const file = await readPlainFile(this.#fileOf(day), MAX_FILE_BYTES);
        for (const line of file?.bytes.toString("utf8").split("\n") ?? []) {
          const parsed = line === "" ? undefined : LineSchema.safeParse(parseJson(line), JITLESS).data;
          if (parsed) lines.push(parsed);
        }
      }
      return lines;
    });
  }

  append(line: SpendLine): Promise<void> {
    const path = this.#fileOf(this.#ambient.now());
    return this.#disk.ask(async () => {
      try {
        await makeFolder(this.#folder);
        // The line break before it ends a line that a crash has cut.
        await appendFile(path, `\n${JSON.stringify(line)}\n`, { mode: 0o600 });
      } catch (error) {
        throw pathFailure(path, "written", error);
      }
      if (!this.#hasTidied) await this.#tidy().catch(() => undefined);
      this.#hasTidied = true;
    });
  }

  exclusively<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#locks.hold("spend", signal, work);
  }

  close(): Promise<void> {
    return this.#locks.close().catch(() => undefined);
  }

  #fileOf(time: number): string {
    return join(this.#folder, `${new Date(time).toISOString().slice(0, 10)}.jsonl`);
  }

  async #tidy(): Promise<void> {
    const oldest = this.#fileOf(this.#ambient.now() - KEPT_DAYS * DAY_MS);
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (FILE.test(name) && path < oldest) await rm(path, { force: true });
    }
  }
}

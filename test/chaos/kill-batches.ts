/**
 * `batch`, killed at random moments and gone on with, until all rows have their result: the built program against a service that
 * is slow, loses answers and shows its lists late. Each row has one run, and its result says what that run has said.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInAgent } from "../../src/local/agents/built-in-agent.ts";
import { type FaultRule, LocalCloud, startLocalHttp } from "../../src/local/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { PROGRAM, requireBuilt } from "../support/child-process/child.ts";
import { deriveSeed, SeededRandom } from "../support/in-process/seeded-random.ts";
import { API_KEY } from "./canaries.ts";
import { sleep } from "./plan-service.ts";

/** A batch that has not ended by then hangs. */
const LAST_PROCESS_MS = 120_000;

interface KilledBatches {
  /** How many processes were killed while they worked. */
  killed: number;
  problems: string[];
}

/** Plays batches until so many processes were killed. */
export async function killBatches(seed: number, kills: number): Promise<KilledBatches> {
  const result: KilledBatches = { killed: 0, problems: [] };
  for (let number = 0; result.killed < kills; number += 1) {
    const problems = await oneBatch(new SeededRandom(deriveSeed(seed, number)), result);
    result.problems.push(...problems.map((what) => `${what} (seed ${seed}, batch ${number})`));
    if (result.problems.length > 5) break;
  }
  return result;
}

async function oneBatch(random: SeededRandom, result: KilledBatches): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "seren-bridge-batch-"));
  const started = new Map<string, number>();
  const work = builtInAgent(0);
  const cloud = new LocalCloud({
    ambient: realAmbient,
    keys: [API_KEY],
    faults: { seed: random.int(1, 1e6), rules: drawFaults(random) },
    agent: (stage) => {
      const row = /^row \d+/.exec(stage.message ?? "")?.[0] ?? "";
      started.set(row, (started.get(row) ?? 0) + 1);
      return work(stage);
    },
  });
  const http = await startLocalHttp(cloud);
  const rows = Array.from({ length: random.int(5, 30) }, (_, index) => {
    const ms = random.magnitude(1, 1_500);
    return {
      prompt: `row ${index}\n@script ${JSON.stringify([{ text: `answer ${index} `, n: 3, every_ms: ms / 3 }])}`,
    };
  });
  writeFileSync(join(folder, "rows.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  const results = join(folder, "results.jsonl");
  const problems: string[] = [];
  const run = (...args: string[]) =>
    new Batch(["batch", ...args, "--out", results, "-n", String(random.int(1, 12))], http.origin, folder);
  try {
    for (let hasBegun = false; ; hasBegun ||= existsSync(`${results}.batch/rows.jsonl`)) {
      const process = hasBegun ? run("--resume") : run(join(folder, "rows.jsonl"));
      const isLast = random.chance(0.15);
      if (!isLast && (await process.killAfter(random.magnitude(50, 2_500)))) {
        result.killed += 1;
        if (existsSync(results) && !existsSync(`${results}.batch`)) break; // all was done
        continue;
      }
      const { code, stderr } = await process.ended(LAST_PROCESS_MS);
      if (code !== 0) problems.push(`the last process ended with ${code}: ${stderr}`);
      break;
    }
    problems.push(...check(rows.length, readFileSync(results, "utf8"), started));
    if (existsSync(`${results}.batch`)) problems.push("the folder is left");
    if (cloud.stats().runsActive.length > 0) problems.push(`${cloud.stats().runsActive.length} runs go on`);
  } finally {
    await http.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return problems;
}

function check(count: number, text: string, started: ReadonlyMap<string, number>): string[] {
  const results: { index: number; outcome: string; text: string }[] = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const problems: string[] = [];
  if (results.length !== count) problems.push(`${results.length} results of ${count} rows`);
  results.forEach(({ index, outcome, text: answer }, place) => {
    if (index !== place) problems.push(`the result ${place} is of row ${index}`);
    if (outcome !== "completed") problems.push(`row ${index} is ${outcome}`);
    if (answer !== `answer ${index} `.repeat(3)) problems.push(`row ${index} says ${JSON.stringify(answer)}`);
  });
  for (const [row, runs] of started) if (runs > 1) problems.push(`${row} has ${runs} runs`);
  return problems;
}

function drawFaults(random: SeededRandom): FaultRule[] {
  const faults: FaultRule[] = [];
  if (random.chance(0.5))
    faults.push({ kind: "late_reply", where: "create_run", ms: random.magnitude(1, 800), times: random.int(1, 20) });
  if (random.chance(0.4)) faults.push({ kind: "lag", where: "list", ms: random.magnitude(10, 1_500) });
  if (random.chance(0.3)) faults.push({ kind: "lag", where: "record", ms: random.magnitude(10, 1_500) });
  if (random.chance(0.3)) faults.push({ kind: "lost_reply", where: "create_run", answer: "drop", times: 2 });
  if (random.chance(0.3)) faults.push({ kind: "status", where: "create_run", status: 429, times: 5, after: 3 });
  if (random.chance(0.2)) faults.push({ kind: "cut", where: "stream", frames: 3, times: 10 });
  return faults;
}

class Batch {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #stderr = "";

  constructor(args: string[], origin: string, home: string) {
    const env = { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: join(home, "state") };
    this.#child = spawn(process.execPath, [requireBuilt(PROGRAM), ...args], {
      env: { ...env, SEREN_API_BASE: origin, SEREN_API_KEY: API_KEY },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#exited = once(this.#child, "close");
  }

  /** Resolves with whether it was still at work. */
  async killAfter(ms: number): Promise<boolean> {
    await Promise.race([sleep(ms), this.#exited]);
    const isAtWork = this.#child.exitCode === null;
    this.#child.kill("SIGKILL");
    await this.#exited;
    return isAtWork;
  }

  async ended(ms: number): Promise<{ code: number | null; stderr: string }> {
    await Promise.race([sleep(ms), this.#exited]);
    const { exitCode: code } = this.#child;
    this.#child.kill("SIGKILL");
    await this.#exited;
    return { code, stderr: this.#stderr };
  }
}

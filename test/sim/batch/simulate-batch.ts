/**
 * Simulates a batch. Whatever is killed and begun again, no row has two runs and no result is lost: in the end each row has
 * one, which says of its run what the service says.
 */
import { Batch, type RowEnd } from "../../../src/core/batch/batch.ts";
import { type BatchLine, RowStates } from "../../../src/core/batch/batch-notes.ts";
import type { Outcome } from "../../../src/core/index.ts";
import { deriveSeed, SeededRandom } from "../../support/in-process/seeded-random.ts";
import { Environment, PREPARED_NAME, type SimulatedProcess } from "../environment.ts";
import { type ActualRun, readGroundTruth } from "../ground-truth.ts";
import { KIND_OF } from "../oracle.ts";
import type { ProcessAmbient } from "../process-ambient.ts";
import { type SimulationResult, sweepAfterwards } from "../simulate.ts";
import type { BatchPlan } from "./batch-plan.ts";

/** Longer than any row with its searches and retries. */
const LIFE_MS = 3 * 60 * 60_000;
/** A limit, a refusal or a service that is away stops a batch until a person goes on with it. */
const MAX_RESUMES = 8;

interface Result {
  outcome: string;
  runId?: string;
  text: string;
  /** Its run was not seen to end. */
  open?: true | undefined;
  /** Its end could not be read. */
  cut?: true | undefined;
}

type Line = BatchLine<Result>;

/** The folder of the batch, which outlives processes. */
class BatchDisk {
  readonly lines: Line[] = [];
  isThere = true;
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Lines keep their order. */
  notesOf(owner: ProcessAmbient) {
    let last: Promise<void> = Promise.resolve();
    return {
      folder: "/batch",
      append: (line: Line) => {
        last = last.then(() => this.#write(owner, line));
        return last;
      },
    };
  }

  #write(owner: ProcessAmbient, line: Line): Promise<void> {
    return new Promise((resolve) => {
      // A write that the kernel has accepted completes even if the process dies.
      const taken = this.#random.chance(0.5);
      owner.networkClock.timer(this.#random.int(1, 20), () => {
        if (taken || owner.alive) this.lines.push(line);
        if (owner.alive) resolve();
      });
    });
  }

  get states(): RowStates {
    const states = new RowStates();
    for (const line of this.lines) states.note(line);
    return states;
  }

  get results(): Map<number, Result[]> {
    const results = new Map<number, Result[]>();
    for (const line of this.lines) {
      if (line.kind === "ended") results.set(line.row, [...(results.get(line.row) ?? []), line.result]);
    }
    return results;
  }
}

export async function simulateBatchPlan(
  plan: BatchPlan,
  keepLines = false,
): Promise<Pick<SimulationResult, "problems" | "trace">> {
  const environment = new Environment(plan.world, keepLines, (folder) => folder === "/batch" && disk.isThere);
  const { clock, trace } = environment;
  const disk = new BatchDisk(new SeededRandom(deriveSeed(plan.seed, 8)));
  const problems: string[] = [];
  let isCancelled = false;

  const begin = (process: SimulatedProcess): Batch<Result> =>
    new Batch<Result>({
      rows: plan.rows.map((script, row) => ({
        target: { kind: "workload", name: PREPARED_NAME, create: () => ({ name: PREPARED_NAME, ...DEPLOYMENT }) },
        message: `[run${row}]\n@script ${JSON.stringify(script)}`,
        onApproval: plan.onApproval,
      })),
      states: disk.states,
      notes: disk.notesOf(process.ambient),
      registry: process.registry,
      ambient: process.ambient,
      concurrency: plan.concurrency,
      timeoutMs: plan.timeoutMs,
      resultOf: async (row, end) => {
        trace.note(`${clock.now()} row ${row} ends ${JSON.stringify(end)}`);
        return resultOf(end);
      },
      onEnded: () => undefined,
    });

  try {
    let number = 0;
    for (const { ms, drainMs, cancelMs } of plan.lives) {
      const process = environment.process(number);
      void process.sweep();
      const batch = begin(process);
      void batch.run().then((stopped) => trace.note(`${clock.now()} the batch ends: ${stopped?.message ?? "done"}`));
      if (drainMs !== undefined) process.ambient.timer(drainMs, () => batch.drain());
      if (cancelMs !== undefined) {
        process.ambient.timer(cancelMs, () => {
          isCancelled = true;
          trace.note(`${clock.now()} a person cancels`);
          batch.cancel();
        });
      }
      await clock.advance(ms);
      trace.note(`${clock.now()} process ${number} dies`);
      process.kill();
      await clock.advance(plan.gapMs);
      number += 1;
    }
    for (let resumes = 0; resumes < MAX_RESUMES && disk.results.size < plan.rows.length; resumes += 1) {
      const process = environment.process(number);
      number += 1;
      void process.sweep();
      const began = clock.now();
      await clock.runUntil(
        Promise.race([begin(process).run(), new Promise((resolve) => clock.timer(LIFE_MS, () => resolve(undefined)))]),
      );
      if (clock.now() - began >= LIFE_MS) problems.push("the batch does not end");
      await clock.advance(60_000);
      process.kill();
    }
    const { limits } = plan.world;
    if (disk.results.size < plan.rows.length && !limits)
      problems.push(`B2: ${plan.rows.length - disk.results.size} of ${plan.rows.length} rows have no result`);
    disk.isThere = false; // as it is removed when all is done
    await sweepAfterwards(environment);
    const truth = await clock.runUntil(readGroundTruth(environment.cloud, clock));
    trace.note(JSON.stringify(truth));
    problems.push(...environment.problems, ...check(plan, disk.results, truth.runs, isCancelled));
  } catch (error) {
    problems.push(`the simulation broke: ${error instanceof Error ? error.stack : String(error)}`);
  }
  return { problems, trace };
}

function check(plan: BatchPlan, results: Map<number, Result[]>, runs: ActualRun[], isCancelled: boolean): string[] {
  const problems: string[] = [];
  for (const row of plan.rows.keys()) {
    const mine = runs.filter(({ tag, refused }) => tag === `run${row}` && !refused);
    const [result, ...others] = results.get(row) ?? [];
    if (mine.length > 1) problems.push(`B1: ${mine.length} runs for row ${row}`);
    if (others.length > 0) problems.push(`B1: ${others.length + 1} results of row ${row}`);
    for (const { id, status, endedAt } of mine) {
      // One that was left waiting goes on when a person decides.
      if (endedAt === undefined && result?.outcome !== "awaiting_approval")
        problems.push(`I2: the run ${id} of row ${row} goes on: ${status}`);
    }
    const run = mine.find(({ id }) => id === result?.runId);
    if (!result?.runId || !run) {
      if (result?.runId) problems.push(`B3: the result of row ${row} names a run that does not exist`);
      continue;
    }
    // A person may decide after the end of the batch.
    if (result.outcome === "awaiting_approval" || result.open) continue;
    const kind = KIND_OF[run.status];
    const isOurCancel = kind === "cancelled" && (result.outcome === "timed_out" || result.outcome === "failed");
    if (result.outcome !== kind && !isOurCancel) problems.push(`B3: row ${row} is ${result.outcome}, its run ${kind}`);
    const endsItself = plan.rows[row]?.some((step) => "status" in step) === true;
    // A process that was killed may have reached the time limit of the run before.
    const mayBeLate = plan.lives.some(({ ms }) => ms >= plan.timeoutMs);
    if (result.outcome === "cancelled" && !isCancelled && !endsItself && !mayBeLate && !plan.world.limits)
      problems.push(`B4: row ${row} was cancelled, and nobody asked for it`);
    const isAllowed = result.cut && plan.world.network.largest !== undefined && run.text.startsWith(result.text);
    if (result.outcome === "completed" && result.text !== run.text && !isAllowed)
      problems.push(`B3: row ${row} has another text`);
  }
  return problems;
}

function resultOf(end: RowEnd): Result {
  if ("failure" in end) return { outcome: `no run: ${end.failure.kind}`, text: end.failure.message };
  const { kind, run, text, open, cut }: Outcome = end.outcome;
  return { outcome: kind, text, open, ...(cut === "log" ? { cut: true } : {}), ...(run ? { runId: run.runId } : {}) };
}

const DEPLOYMENT = {
  mode: "job" as const,
  skill_slug: "sim",
  workload: { execution: { type: "llm" as const, bundle: {} } },
};

/** What has become of the rows, in figures and in words. */
import { costOf } from "../../../core/index.ts";
import { dollars } from "../../../support/money.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { count, duration } from "../screen/format.ts";
import type { BatchResult } from "./batch-result-schema.ts";

type Counted = Pick<BatchResult, "outcome" | "usage">;

const WORDS: Readonly<Record<BatchResult["outcome"], string>> = {
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  timed_out: "timed out",
  blocked: "blocked",
  awaiting_approval: "left waiting for an approval",
  not_started: "not started",
  unknown: "not known to have run",
};

export class Tally {
  readonly total: number;
  readonly #counts = new Map<BatchResult["outcome"], number>();
  #micros = 0;

  constructor(total: number, earlier: readonly Counted[]) {
    this.total = total;
    for (const one of earlier) this.add(one);
  }

  add({ outcome, usage }: Counted): void {
    this.#counts.set(outcome, this.of(outcome) + 1);
    this.#micros +=
      costOf(
        usage && { inputTokens: 0, outputTokens: 0, computeUsd: usage.compute_usd, inferenceUsd: usage.inference_usd },
      ) ?? 0;
  }

  of(outcome: BatchResult["outcome"]): number {
    return this.#counts.get(outcome) ?? 0;
  }

  get ended(): number {
    return [...this.#counts.values()].reduce((sum, number) => sum + number, 0);
  }

  /** In millionths of a dollar, as far as their records say. */
  get micros(): number {
    return this.#micros;
  }

  /** Returns e.g. `98 completed, 2 failed`. */
  outcomes(): string {
    return [...this.#counts].map(([outcome, number]) => `${number} ${WORDS[outcome]}`).join(", ");
  }

  exitCode(): ExitCode {
    const good = this.of("completed");
    if (good === this.total) return EXIT.ok;
    return good + this.of("awaiting_approval") === this.total ? EXIT.awaitingApproval : EXIT.failed;
  }
}

export interface Moment {
  tally: Tally;
  active: number;
  waiting: number;
  /** For which no row is begun. */
  pauseMs: number;
  /** Since this process began, and how many rows have ended since. */
  elapsedMs: number;
  endedHere: number;
}

/** Fewer say nothing about the speed. */
const ENOUGH = 3;

/** Returns e.g. `120 of 1000 rows, 3 failed, 8 going on · 14 a minute · $0.42 · about 1h 02m left`. */
export function progressWords({ tally, active, waiting, pauseMs, elapsedMs, endedHere }: Moment): string {
  const { total, ended, micros } = tally;
  const bad = ended - tally.of("completed");
  const parts = [
    `${ended} of ${count(total, "row")}`,
    ...(bad > 0 ? [`${bad} not completed`] : []),
    `${active} going on`,
  ];
  if (waiting > 0) parts.push(`${waiting} waiting for an approval (seren-bridge approvals list)`);
  const facts = [parts.join(", ")];
  if (pauseMs > 0) facts.push(`Seren Cloud is away or asks to slow down: ${duration(pauseMs)}`);
  if (endedHere >= ENOUGH && elapsedMs > 0) {
    const perMs = endedHere / elapsedMs;
    const perMinute = perMs * 60_000;
    facts.push(`${perMinute < 10 ? perMinute.toFixed(1) : Math.round(perMinute)} a minute`);
    if (ended < total) facts.push(`about ${duration((total - ended) / perMs)} left`);
  }
  if (micros > 0) facts.push(dollars(micros));
  return facts.join(" · ");
}

/** Counts the runs of this process. */
import type { FailureKind } from "../../support/failure.ts";
import type { OutcomeKind } from "../events.ts";
import type { RunEnded, RunWatcher } from "./run-watchers.ts";

export interface RunCounts {
  /** Requests accepted so far. */
  opened: number;
  /** Of these, how many have not ended. */
  active: number;
  /** Requests that ended with an outcome, by its kind. Kinds that did not occur are absent. */
  outcomes: Partial<Record<OutcomeKind, number>>;
  /** Requests that ended without an outcome, by the kind of failure. */
  failures: Partial<Record<FailureKind, number>>;
  /** Tokens of all outcomes, as far as the service reported them. */
  inputTokens: number;
  outputTokens: number;
}

export class RunCounters implements RunWatcher {
  #opened = 0;
  #ended = 0;
  readonly #outcomes = new Map<OutcomeKind, number>();
  readonly #failures = new Map<FailureKind, number>();
  #inputTokens = 0;
  #outputTokens = 0;

  opened(): void {
    this.#opened += 1;
  }

  ended({ result }: RunEnded): void {
    this.#ended += 1;
    if ("failure" in result) {
      increment(this.#failures, result.failure.kind);
      return;
    }
    const { kind, usage } = result.outcome;
    increment(this.#outcomes, kind);
    this.#inputTokens += usage?.inputTokens ?? 0;
    this.#outputTokens += usage?.outputTokens ?? 0;
  }

  /** A copy of the present state. */
  get counts(): RunCounts {
    return {
      opened: this.#opened,
      active: this.#opened - this.#ended,
      outcomes: Object.fromEntries(this.#outcomes),
      failures: Object.fromEntries(this.#failures),
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
    };
  }
}

function increment<Kind>(counts: Map<Kind, number>, kind: Kind): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

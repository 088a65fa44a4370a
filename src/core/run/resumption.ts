/**
 * Lets a run go on that a restart of its runtime has interrupted. The request is sent once for one interruption: again only
 * after an answer that says the service is away, and then a refusal is no proof that the run stands still, because the request
 * before it may have been taken (`docs/reference/seren-cloud-api.md`, sections 1.3 and 3.7).
 */
import { endingOf, isKnownStatus, isRefusal, type Run, type RunEnding, type SerenClient } from "../../seren/index.ts";
import { orAborted } from "../../support/abort.ts";
import { backoffMs, sleep } from "../../support/ambient.ts";
import { asFailure, type ExecutionFailure } from "../../support/failure.ts";
import { latestSequenceOf } from "./transcript.ts";

const WAIT_BASE_MS = 1_000;
const WAIT_CAP_MS = 10_000;
const LOOK_BASE_MS = 250;
const LOOK_CAP_MS = 2_000;
/** A request whose result is not known may take effect this late, and a record may show the interruption for as long. */
const LATE_MS = 30_000;
/** How long a record may lag behind. A request that may have been taken is sent again only after that. */
const RECORD_LAG_MS = 6_000;
/** A reason is a code. What is longer is a sentence, in which these words may mean anything. */
const MAX_REASON_CHARACTERS = 64;

/** Whether the run ended with a restart of its runtime. The service documents no word for it, so the kind of word counts. */
export function isInterrupted({ status, stopReason = "" }: Run): boolean {
  if (endingOf(status) !== "failed" || stopReason.length > MAX_REASON_CHARACTERS) return false;
  return /interrupt|restart/i.test(stopReason) && !/user|person|operator|cancel/i.test(stopReason);
}

export type Resumed =
  /** `runId`: the run that goes on, which may be another one. */
  | { kind: "going_on"; runId: string }
  /** The service says that the run cannot be resumed, and no request of ours can have been taken. */
  | { kind: "nothing_to_resume" | "refused"; failure: ExecutionFailure }
  /** The run was not seen to go on, and may do so all the same. */
  | { kind: "unconfirmed"; failure: ExecutionFailure };

export class Resumption {
  readonly #client: SerenClient;
  readonly #runId: string;
  readonly #ending: RunEnding | undefined;
  readonly #completedAt: number | undefined;
  readonly #latest: number;
  /** The request on its way, or the last one. */
  #sending: Promise<string | undefined> | undefined;
  #onItsWay = false;
  #mayBeTaken = false;
  #settledAt = 0;

  /** `interrupted`: the record of the run, which has ended. */
  constructor(client: SerenClient, interrupted: Run) {
    this.#client = client;
    this.#runId = interrupted.id;
    this.#ending = endingOf(interrupted.status);
    this.#completedAt = interrupted.completedAt;
    this.#latest = latestSequenceOf(interrupted);
  }

  /**
   * Nothing is sent once `signal` has aborted; rejects with its reason, also while a request is on its way. `refusedMs`,
   * `unknownMs`: how long the run is looked at after a refusal (somebody else may have resumed it), and after a request whose
   * result is not known.
   */
  async ask(signal: AbortSignal, { refusedMs, unknownMs }: { refusedMs: number; unknownMs: number }): Promise<Resumed> {
    const { ambient } = this.#client;
    for (let waits = 0; ; waits += 1) {
      signal.throwIfAborted();
      const wasTaken = this.#mayBeTaken;
      const answer = await orAborted(this.#send(), signal);
      if (typeof answer === "string") return { kind: "going_on", runId: answer };
      const { retryAfterMs = 0 } = answer.details;
      const verdict = verdictOf(answer);
      if (verdict === "refused" && !wasTaken) {
        const kind = answer.kind === "conflict" ? "nothing_to_resume" : "refused";
        return (await this.#watch(refusedMs, signal)) ?? { kind, failure: answer };
      }
      if (verdict !== "away") return (await this.#watch(unknownMs, signal)) ?? { kind: "unconfirmed", failure: answer };
      const seen = await this.#watch(this.#mayBeTaken ? RECORD_LAG_MS : 0, signal);
      if (seen) return seen;
      await sleep(ambient, Math.max(retryAfterMs, backoffMs(ambient, waits, WAIT_BASE_MS, WAIT_CAP_MS)), signal);
    }
  }

  /** Whether `record` shows an end that the run may have left behind: a record can lag, and a request can take effect late. */
  mayGoOn(record: Run): boolean {
    const isRecent = this.#mayBeTaken && this.#client.ambient.now() - this.#settledAt < LATE_MS;
    return this.#isSameEnd(record) && (this.#onItsWay || isRecent);
  }

  /** Resolves when no request is on its way, with the id of the run that the last one let go on. */
  settled(): Promise<string | undefined> {
    return this.#sending ?? Promise.resolve(undefined);
  }

  /** Resolves with the id of the run that goes on, or with the failure. */
  #send(): Promise<string | ExecutionFailure> {
    this.#onItsWay = true;
    const sending = this.#client.resumeRun(this.#runId).then(
      (runId) => {
        this.#mayBeTaken = true;
        return runId ?? this.#runId;
      },
      (error: unknown) => {
        const failure = asFailure(error);
        this.#mayBeTaken ||= !failure.details.neverSent && !isRefused(failure);
        return failure;
      },
    );
    this.#sending = sending.then((answer) => {
      this.#onItsWay = false;
      this.#settledAt = this.#client.ambient.now();
      return typeof answer === "string" ? answer : undefined;
    });
    return sending;
  }

  /**
   * Looks at the run for `ms` milliseconds, and until it was seen once: what happened to it decides whether the request may be
   * sent again. Returns undefined when it was not seen to go on.
   */
  async #watch(ms: number, signal: AbortSignal): Promise<Resumed | undefined> {
    const { ambient } = this.#client;
    const until = ambient.now() + ms;
    let wasSeen = false;
    for (let looks = 0; ; looks += 1) {
      const record = await this.#client.getRun(this.#runId, { signal }).catch(() => undefined);
      signal.throwIfAborted();
      if (record && isKnownStatus(record.status)) {
        if (!this.#isSameEnd(record)) return { kind: "going_on", runId: this.#runId };
        wasSeen = true;
      }
      if (wasSeen && ambient.now() >= until) return undefined;
      await sleep(ambient, backoffMs(ambient, looks, LOOK_BASE_MS, LOOK_CAP_MS), signal);
    }
  }

  /** Whether `record` shows the end that was to be undone. A run that ends in another way has gone on since. */
  #isSameEnd(record: Run): boolean {
    const { status, completedAt } = record;
    if (endingOf(status) !== this.#ending) return false;
    // A state shows no times, and a record without its events no numbers.
    if (this.#latest >= 0 && latestSequenceOf(record) > this.#latest) return false;
    return completedAt === undefined || this.#completedAt === undefined || completedAt === this.#completedAt;
  }
}

/** Whether the service has refused the request, and not we or the road. */
function isRefused(failure: ExecutionFailure): boolean {
  return failure.kind !== "internal" && isRefusal(failure);
}

/** `away`: nothing was done, as far as the service says. `unknown`: the request may have been taken. */
function verdictOf(failure: ExecutionFailure): "refused" | "away" | "unknown" {
  const { status = 0, neverSent } = failure.details;
  if (neverSent || status === 503 || status === 429) return "away";
  return isRefused(failure) ? "refused" : "unknown";
}

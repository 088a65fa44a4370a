/**
 * What a request owes the run it has started: one of its own that has not ended is cancelled, however the request ends, and
 * stays in the journal until it was seen to end.
 */
import type { Run, RunTrace, SerenClient } from "../../seren/index.ts";
import { timeoutSignal } from "../../support/abort.ts";
import { backoffMs, sleep } from "../../support/ambient.ts";
import type { ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { settleWithin } from "../../support/settle-within.ts";
import { cancelLostRun } from "../cancel/cancel-lost-run.ts";
import type { Canceller, Ended } from "../cancel/canceller.ts";
import type { Journal, PendingEntry } from "../cancel/journal.ts";
import type { RunRef } from "../events.ts";
import type { Caretaker, RunRequest } from "../request.ts";
import type { Resumption } from "./resumption.ts";

/** A run whose create call was lost is searched for this long while the service is away. */
const LOST_RUN_SEARCH_MS = 15 * 60_000;
/** Backoff between two cancels of a run that may go on although its record shows an end. */
const AGAIN_BASE_MS = 500;
const AGAIN_CAP_MS = 5_000;

/** What is known of the remote run. */
type State =
  /** There is none yet. */
  | { kind: "starting" }
  /** The create call may have started one that cannot be named. It is searched for and cancelled apart from the request. */
  | { kind: "lost" }
  /** It has not ended, as far as is known, or may be going on again. */
  | { kind: "open"; run: RunRef }
  /** It has ended, or was left waiting for a person on purpose. There is nothing to cancel. */
  | { kind: "closed" };

/** Whether stopping the request stops the run: only one that is `ours`. */
type Ownership =
  /** Started by this request, or by an earlier one of the same caller. */
  | "ours"
  /** Started by this request and left to itself once its id was reported. */
  | "detached"
  /** Started elsewhere and only followed. */
  | "foreign";

export interface CustodyOptions {
  client: SerenClient;
  canceller: Canceller;
  log: Log;
  /** Where runs are noted, so that the next start can cancel what a crash left behind. Default: nowhere. */
  journal?: Journal | undefined;
}

export class Custody {
  #resumption: Resumption | undefined;
  readonly #options: CustodyOptions;
  #state: State = { kind: "starting" };
  #ownership: Ownership;
  #requestId = "";
  #entry: PendingEntry | undefined;
  #caretaker: Caretaker | undefined;
  #cancelling: Promise<Ended | undefined> | undefined;

  constructor(options: CustodyOptions, ownership: Exclude<Ownership, "detached">) {
    this.#options = options;
    this.#ownership = ownership;
  }

  get isOurs(): boolean {
    return this.#ownership === "ours";
  }

  /** Set once the run was interrupted: its record then no longer proves that it has ended. */
  get resumption(): Resumption | undefined {
    return this.#resumption;
  }

  get isClosed(): boolean {
    return this.#state.kind === "closed";
  }

  /** Begins a run that is not started yet. Nothing is noted. */
  begin(requestId: string, request: RunRequest): void {
    void this.#entry?.discard();
    this.#state = { kind: "starting" };
    this.#requestId = requestId;
    this.#entry = this.#options.journal?.pendingEntry(requestId, request);
    this.#caretaker = request.caretaker;
  }

  /** The run is about to be started there. Resolves when a crash cannot leave it behind; rejects when the caretaker cannot note it. */
  async noteStart(deploymentId: string): Promise<void> {
    const requestId = this.#requestId;
    await Promise.all([this.#entry?.note({ deploymentId }), this.#caretaker?.note({ requestId, deploymentId })]);
  }

  open(run: RunRef): void {
    this.#state = { kind: "open", run };
  }

  /** The run is about to be resumed. Resolves when a crash cannot leave it behind any more. */
  async resume(resumption: Resumption): Promise<void> {
    this.#resumption = resumption;
    await this.#entry?.noteResume(this.#options.client.ambient.now());
  }

  /** The run goes on as another one, which was not interrupted. */
  moveTo(run: RunRef): void {
    this.#resumption = undefined;
    this.open(run);
    this.note(run);
  }

  /** Notes which run it is. */
  note({ runId, deploymentId }: RunRef): void {
    void this.#entry?.note({ runId, deploymentId });
    // Without this note it is found by its marker.
    void this.#caretaker?.note({ requestId: this.#requestId, runId, deploymentId }).catch(() => undefined);
  }

  detach(): void {
    this.#ownership = "detached";
  }

  /** The run has ended, as this record says, or is none of this request's business any more. */
  close(record?: Run): void {
    if (record) this.#entry?.noteEnd(record);
    this.#state = { kind: "closed" };
  }

  /** The run is left waiting for a person. Resolves when a crash does not cancel it any more. */
  async leaveWaiting(): Promise<void> {
    this.close();
    await this.#entry?.leave();
  }

  /**
   * However the request ends: an open run of ours is cancelled, unless somebody takes it up again, and one that needs no more care
   * leaves the journal.
   */
  leave(failure?: ExecutionFailure): void {
    if (this.#state.kind === "lost") return;
    if (this.#state.kind === "open" && this.isOurs) {
      const isTakenUp = failure && !this.#cancelling && this.#caretaker?.takesUpAfter(failure);
      if (!isTakenUp) void this.cancel();
    } else void this.#entry?.forget();
  }

  /**
   * Cancels the run if it is ours, and resolves with how it ended; undefined when there is nothing to cancel, or when it was
   * not seen to end. It stays in the journal until it was seen to end.
   */
  async cancel(): Promise<Ended | undefined> {
    if (!this.isOurs) return undefined;
    this.#entry?.keep();
    if (this.#state.kind !== "open") return undefined;
    const entry = this.#entry;
    // Not kept afterwards: it holds the record.
    this.#cancelling ??= this.#untilEnded(this.#state.run.runId).finally(() => {
      this.#cancelling = undefined;
    });
    const ended = await this.#cancelling;
    if (ended?.record) entry?.noteEnd(ended.record);
    if (ended) void entry?.forget();
    return ended;
  }

  /**
   * Resolves with how the run ended, after at most `ms` milliseconds; the cancelling itself goes on. A run whose end is being
   * read is asked once more, because what was read of it may be gone.
   */
  async cancelWithin({ runId }: RunRef, ms: number): Promise<Ended | undefined> {
    const ended = this.isClosed ? this.#options.canceller.cancel(runId) : this.cancel();
    return (await settleWithin(this.#options.client.ambient, ms, ended)) ? ended : undefined;
  }

  /** An interrupted run looks ended and may still go on, so it is cancelled until that is out of the question. */
  async #untilEnded(runId: string): Promise<Ended | undefined> {
    const { canceller, client } = this.#options;
    for (let again = 0; ; again += 1) {
      const ended = await canceller.cancel(runId);
      if (!ended?.record || !this.#resumption) return ended;
      const pauseMs = backoffMs(client.ambient, again, AGAIN_BASE_MS, AGAIN_CAP_MS);
      // The request may take a minute, in which the run goes on and ends.
      const isSettled = await settleWithin(client.ambient, pauseMs, this.#resumption.settled());
      const other = isSettled ? await this.#resumption.settled() : undefined;
      if (other !== undefined && other !== runId) return canceller.cancel(other);
      if (!this.#resumption.mayGoOn(ended.record)) return ended;
      if (isSettled) await sleep(client.ambient, pauseMs);
    }
  }

  /** The request is about to fail, so the run that it may have started must not go on. */
  lose(trace: RunTrace): void {
    this.#state = { kind: "lost" };
    const entry = this.#entry;
    entry?.keep();
    const { client, canceller, log } = this.#options;
    const limit = timeoutSignal(client.ambient, LOST_RUN_SEARCH_MS);
    void cancelLostRun({ client, canceller, log, signal: limit.signal }, trace).then((found) => {
      limit.release();
      if (found?.record) entry?.noteEnd(found.record);
      if (found) void entry?.forget();
    });
  }
}

/**
 * One run, from request to outcome:
 *
 *     accepted → resolving target → submitting → following ⇄ awaiting approval → reconciling → ended
 *
 * Events are pulled, so a slow host slows its own stream and nothing else. Stopping does not depend on anyone pulling: the
 * cancel is sent the moment the caller aborts or the deadline passes. However the generator is left, a run of ours that has
 * not ended is cancelled.
 */
import { AWAITING_APPROVAL, endingOf, type RunTrace, type SerenClient } from "../../seren/index.ts";
import { graceSignal, timeoutSignal } from "../../support/abort.ts";
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { settleWithin } from "../../support/settle-within.ts";
import { cancelLostRun } from "../cancel/cancel-lost-run.ts";
import type { Canceller } from "../cancel/canceller.ts";
import type { Journal, PendingEntry } from "../cancel/journal.ts";
import { Deploys } from "../deployment/deploys.ts";
import type { ExecutionEvent, Outcome, RunRef } from "../events.ts";
import type { Execute } from "../host/run-registry.ts";
import type { RunLimits, RunRequest } from "../request.ts";
import { FollowedRun } from "./follow-run.ts";
import { type Launched, launch } from "./launch.ts";
import { ApprovalNotifier, statusEvent, type Undecided } from "./notifiers.ts";
import { runRefOf, unfinishedOutcome } from "./outcome.ts";
import { type Ending, emitRemaining, type Reconciled, readRecord, reconcile } from "./reconcile.ts";
import { RECONCILE_GRACE_MS, StopSignal } from "./stop-signal.ts";

/** A cancelled run is waited for this long before the outcome says that the cancel is not confirmed. */
const CONFIRM_MS = 60_000;
/** A run whose create call was lost is searched for this long while the service is away. */
const LOST_RUN_SEARCH_MS = 15 * 60_000;
/** An end that is read within this time is not worth a status of its own. */
const RECONCILING_AFTER_MS = 500;
/** Backoff between looks at a run that waits, or whose stream ended too early. */
const LOOK_BASE_MS = 250;
const LOOK_CAP_MS = 5_000;

export interface ExecutionOptions {
  client: SerenClient;
  canceller: Canceller;
  log: Log;
  /** Where runs are noted, so that the next start can cancel what a crash left behind. Default: nowhere. */
  journal?: Journal | undefined;
  /** What other processes know of deployments. Default: this process alone. */
  notes?: Deploys["notes"] | undefined;
}

interface SessionOptions extends ExecutionOptions {
  deploys: Deploys;
}

export function createExecute(options: ExecutionOptions): Execute {
  const shared = { ...options, deploys: new Deploys(options.notes) };
  return (request, limits) => new RunSession(shared, request, limits).run();
}

/** What is known of the remote run. */
type State =
  /** There is none yet. */
  | { kind: "starting" }
  /** The create call may have started one that cannot be named. It is searched for and cancelled apart from the session. */
  | { kind: "lost" }
  /** It has not ended, as far as is known. */
  | { kind: "open"; run: RunRef }
  /** It has ended, or was left waiting for a person on purpose. There is nothing to cancel. */
  | { kind: "closed" };

/** Whether stopping the session stops the run: only one that is `ours`. */
type Ownership =
  /** Started by this request, or by an earlier one of the same caller. */
  | "ours"
  /** Started by this request and left to itself once its id was reported. */
  | "detached"
  /** Started elsewhere and only followed. */
  | "foreign";

/** A run that goes on, or waits for a person. */
interface OpenRun {
  kind: "open";
  run: RunRef;
  status: string;
  message: string | undefined;
}

type Events<T> = AsyncGenerator<ExecutionEvent, T, void>;

class RunSession {
  readonly #options: SessionOptions;
  readonly #ambient: Ambient;
  readonly #request: RunRequest;
  readonly #stop: StopSignal;
  #state: State = { kind: "starting" };
  #ownership: Ownership;
  #entry: PendingEntry | undefined;

  constructor(options: SessionOptions, request: RunRequest, limits: RunLimits) {
    this.#options = options;
    this.#ambient = options.client.ambient;
    this.#request = request;
    this.#stop = new StopSignal(this.#ambient, limits);
    this.#ownership = request.attachTo === undefined || request.owned ? "ours" : "foreign";
  }

  async *run(): Events<Outcome> {
    const { signal } = this.#stop;
    const onStop = () => this.#cancelRemote();
    signal.addEventListener("abort", onStop, { once: true });
    try {
      const { attachTo } = this.#request;
      const begun = attachTo === undefined ? yield* this.#start() : yield* this.#attach(attachTo);
      if (begun.kind === "outcome") return begun.outcome;
      return yield* this.#followToEnd(begun.run);
    } catch (error) {
      throw this.#toFailure(error);
    } finally {
      signal.removeEventListener("abort", onStop);
      this.#stop.release();
      this.#leave();
    }
  }

  /** However the session ends: an open run of ours is cancelled, and one that needs no more care leaves the journal. */
  #leave(): void {
    if (this.#state.kind === "lost") return;
    if (this.#state.kind === "open" && this.#ownership === "ours") this.#cancelRemote();
    else void this.#entry?.remove();
  }

  /** Cancels the run if it is ours. It stays in the journal until it was seen to end. */
  #cancelRemote(): void {
    if (this.#ownership !== "ours") return;
    this.#entry?.keep();
    if (this.#state.kind !== "open") return;
    void this.#options.canceller.cancel(this.#state.run.runId).then((ended) => ended && this.#entry?.remove());
  }

  /** The request is about to fail, so the run that it may have started must not go on. */
  #cancelLostRun(trace: RunTrace): void {
    this.#state = { kind: "lost" };
    this.#entry?.keep();
    const { client, canceller, log } = this.#options;
    const limit = timeoutSignal(this.#ambient, LOST_RUN_SEARCH_MS);
    void cancelLostRun({ client, canceller, log, signal: limit.signal }, trace).then((noneLeft) => {
      limit.release();
      if (noneLeft) void this.#entry?.remove();
    });
  }

  /** Being stopped before a run exists is a failure of the request; later it is an outcome. */
  #toFailure(error: unknown): ExecutionFailure {
    if (!this.#stop.signal.aborted || error instanceof ExecutionFailure) return asFailure(error);
    const when = this.#request.attachTo ? "before the run could be looked at" : "before a run was started";
    return this.#stop.by === "deadline"
      ? new ExecutionFailure("timed_out", `the time limit of the request was reached ${when}`)
      : new ExecutionFailure("cancelled", `the request was cancelled ${when}`);
  }

  async *#attach(runId: string): Events<Launched> {
    const { client, journal } = this.#options;
    const requestId = this.#ambient.uuid();
    const isOurs = this.#ownership === "ours";
    if (isOurs) this.#state = { kind: "open", run: { runId, deploymentId: "" } }; // a cancel needs the id alone
    const run = runRefOf(await client.getRun(runId, { signal: this.#stop.signal }));
    this.#state = { kind: "open", run };
    if (isOurs) this.#entry = journal?.pendingEntry(requestId, this.#request);
    void this.#entry?.note(run);
    yield statusEvent("running", { run });
    return { kind: "run", run };
  }

  async *#start(): Events<Launched> {
    const { client, deploys, journal } = this.#options;
    const requestId = this.#ambient.uuid();
    const { signal } = this.#stop;
    const request = this.#request;
    const entry = journal?.pendingEntry(requestId, request);
    this.#entry = entry;
    const onLost = (trace: RunTrace) => this.#cancelLostRun(trace);
    const launched = yield* launch({ client, deploys, request, requestId, entry, signal, onLost });
    if (launched.kind === "outcome") return launched;
    const { run } = launched;
    this.#state = { kind: "open", run };
    if (signal.aborted)
      this.#cancelRemote(); // the stop came during the create call, when there was no id to cancel
    else if (request.detach) this.#ownership = "detached";
    void entry?.note(run);
    yield statusEvent("queued", { run });
    return launched;
  }

  async *#followToEnd(run: RunRef): Events<Outcome> {
    const { client } = this.#options;
    const { signal } = this.#stop;
    const endAtApproval = this.#request.onApproval === "return";
    const followed = new FollowedRun({ client, run, signal, endAtApproval });
    const approvals = new ApprovalNotifier(client, run.runId);
    try {
      for (let looks = 0; ; looks += 1) {
        const before = followed.cursor.applied;
        yield* followed.follow();
        const looking = this.#look(followed);
        yield* this.#reportReconciling(looking, followed);
        const seen = await looking;
        if (seen.kind !== "open") return yield* emitRemaining(seen, this.#ending(followed));
        yield* followed.statuses.emit(seen.status, seen.message);
        if (seen.status === AWAITING_APPROVAL) {
          const undecided = yield* approvals.emit(seen.message, this.#patient());
          signal.throwIfAborted(); // the host may have taken its time
          if (undecided && endAtApproval) return await this.#leaveWaiting(seen.run, undecided, followed);
        }
        // The stream ended before the run did (a pause, a limit of the service): look again later.
        if (followed.cursor.applied > before) looks = 0;
        await sleep(this.#ambient, backoffMs(this.#ambient, looks, LOOK_BASE_MS, LOOK_CAP_MS), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return yield* this.#settle(followed);
    }
  }

  /** Calls are repeated until the request is stopped. */
  #patient() {
    return { signal: this.#stop.signal, attempts: Number.POSITIVE_INFINITY };
  }

  /** Reads the record, and reconciles a run that has ended. The promise chain lets the record go (see `reconcile.ts`). */
  #look(followed: FollowedRun): Promise<Reconciled | OpenRun> {
    const { client } = this.#options;
    const { runId } = followed.run;
    // A stream that was read to its end is that of a run that has ended.
    const { complete: withListing, status } = followed.result;
    const streamEnd = withListing ? status : undefined;
    const read = readRecord({ client, runId, call: this.#patient(), withListing, streamEnd });
    return read.then(({ record, listing }): Promise<Reconciled | OpenRun> | OpenRun => {
      if (endingOf(record.status)) {
        this.#state = { kind: "closed" };
        return reconcile(record, this.#ending(followed), listing);
      }
      return {
        kind: "open",
        run: runRefOf(record, followed.run),
        status: record.status,
        message: record.statusMessage,
      };
    });
  }

  /** Reports that the end of the run is being read, when that takes longer than a moment. Never rejects. */
  async *#reportReconciling(looking: Promise<unknown>, { statuses }: FollowedRun): Events<void> {
    while (!(await settleWithin(this.#ambient, RECONCILING_AFTER_MS, looking))) {
      if (this.#state.kind === "closed") return yield* statuses.emitReconciling();
    }
  }

  /** The caller does not wait for a person: the run is left waiting on purpose. */
  async #leaveWaiting(run: RunRef, undecided: Undecided, { transcript }: FollowedRun): Promise<Outcome> {
    this.#state = { kind: "closed" };
    await this.#entry?.remove();
    const artifacts = [...transcript.artifacts.values()];
    return { kind: "awaiting_approval", run, text: transcript.text, artifacts, ...undecided };
  }

  #ending(followed: FollowedRun, signal = this.#stop.late): Ending {
    const { client, log } = this.#options;
    return { client, log, followed, signal, stoppedBy: this.#stop.by };
  }

  /** After a stop: waits a limited time for the remote run to end, and returns what really happened. */
  async *#settle(followed: FollowedRun): Events<Outcome> {
    const { canceller, log } = this.#options;
    const { run, transcript } = followed;
    const stoppedBy = this.#stop.by ?? "host";
    const unfinished = { run, transcript, stoppedBy };
    if (this.#ownership !== "ours") {
      return unfinishedOutcome({ ...unfinished, message: "stopped following; the run itself goes on" });
    }
    yield statusEvent("cancelling", { run });
    const confirmed = new AbortController();
    const grace = graceSignal(this.#ambient, RECONCILE_GRACE_MS, confirmed.signal);
    const ending = this.#ending(followed, grace.signal);
    try {
      const reconciled = await canceller.cancelWithin(run.runId, CONFIRM_MS).then((ended) => {
        confirmed.abort();
        if (!ended?.record) return undefined;
        this.#state = { kind: "closed" };
        return reconcile(ended.record, ending);
      });
      if (reconciled) return yield* emitRemaining(reconciled, ending);
    } finally {
      grace.release();
    }
    log("warn", "cancel requested but not confirmed", { by: stoppedBy });
    return unfinishedOutcome({
      ...unfinished,
      message: "cancel requested, but Seren Cloud has not confirmed it; the run may still be going",
    });
  }
}

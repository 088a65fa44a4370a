/**
 * One run: accepted → resolving target → submitting → following ⇄ awaiting approval → reconciling → ended.
 *
 * Events are pulled, so a slow host slows its own stream and nothing else. Stopping does not depend on anybody pulling:
 * the moment the caller aborts or the deadline passes, the cancel is sent. However the loop is left, a run that has not
 * ended is cancelled, unless it was attached to rather than started.
 */
import {
  AWAITING_APPROVAL,
  type Deployment,
  endingOf,
  type Run,
  type RunArtifact,
  type RunCursor,
  RunFollower,
  type RunTrace,
  type SerenClient,
} from "../../seren/index.ts";
import { timeoutSignal } from "../../support/abort.ts";
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { SingleFlight } from "../../support/single-flight.ts";
import { cancelLostRun } from "../cancel/cancel-lost-run.ts";
import type { Canceller } from "../cancel/canceller.ts";
import type { Journal, PendingEntry } from "../cancel/journal.ts";
import type { Deploys } from "../deployment/resolve-deployment.ts";
import type { ExecutionEvent, Outcome, RunRef } from "../events.ts";
import type { Execute } from "../host/run-registry.ts";
import type { RunLimits, RunRequest } from "../request.ts";
import { ApprovalNotifier, type Undecided } from "./approval-notifier.ts";
import { launch } from "./launch.ts";
import { runRefOf, unfinishedOutcome } from "./outcome.ts";
import { emitRemaining, type Followed, type Reconciled, readRecord, reconcile } from "./reconcile.ts";
import { StatusNotifier, statusEvent } from "./status-notifier.ts";
import { StopSignal } from "./stop-signal.ts";
import { Transcript } from "./transcript.ts";

/** A cancelled run is waited for this long before the outcome says that the cancel is not confirmed. */
const CONFIRM_MS = 60_000;
/** A run whose create call was lost is looked for this long while the service is away. */
const LOST_RUN_SEARCH_MS = 15 * 60_000;
/** How often a paused run, or one whose stream ended too early, is looked at. */
const LOOK_BASE_MS = 250;
const LOOK_CAP_MS = 5_000;

export interface ExecutionOptions {
  client: SerenClient;
  canceller: Canceller;
  log: Log;
  /** Where runs are noted, so that a crash leaves none behind. */
  journal?: Journal | undefined;
}

export function createExecute(options: ExecutionOptions): Execute {
  const shared = { ...options, deploys: new SingleFlight<Deployment>() };
  return (request, limits) => new RunSession(shared, request, limits).run();
}

/** A run that goes on, or waits for a person. */
interface OpenRun {
  run: RunRef;
  status: string;
  message: string | undefined;
}

type Events<T> = AsyncGenerator<ExecutionEvent, T, void>;

class RunSession {
  readonly #options: ExecutionOptions & { deploys: Deploys };
  readonly #client: SerenClient;
  readonly #ambient: Ambient;
  readonly #canceller: Canceller;
  readonly #log: Log;
  readonly #request: RunRequest;
  readonly #stop: StopSignal;
  readonly #transcript = new Transcript();
  #run: RunRef | undefined;
  #line: PendingEntry | undefined;
  #ended = false;
  #detached = false;
  /** No run is known, but one may have been started: it is being looked for. */
  #lost = false;
  /** Highest number of an event the service spoke of; 0 also where there is none yet. */
  #latest = -1;
  /** Whether the following ended otherwise than with the end of the stream. */
  #troubled = true;
  readonly #states = new StatusNotifier();
  readonly #approvals = new ApprovalNotifier();

  constructor(options: ExecutionOptions & { deploys: Deploys }, request: RunRequest, limits: RunLimits) {
    const { client, canceller, log } = options;
    this.#options = options;
    this.#client = client;
    this.#ambient = client.ambient;
    this.#canceller = canceller;
    this.#log = log;
    this.#request = request;
    this.#stop = new StopSignal(client.ambient, limits);
  }

  async *run(): Events<Outcome> {
    const onStop = () => this.#cancelRemote();
    this.#stop.signal.addEventListener("abort", onStop, { once: true });
    try {
      const inline = yield* this.#begin();
      if (inline) return inline;
      return yield* this.#followToTheEnd();
    } catch (error) {
      throw this.#asOurFailure(error);
    } finally {
      this.#stop.signal.removeEventListener("abort", onStop);
      this.#stop.release();
      if (this.#isOrphan) this.#cancelRemote();
      else if (!this.#lost) void this.#line?.remove();
    }
  }

  get #owned(): boolean {
    if (this.#detached) return false;
    return this.#request.attachTo === undefined || this.#request.owned === true;
  }

  /** Whether the run goes on although nobody will wait for it once we stop. */
  get #isOrphan(): boolean {
    return this.#run !== undefined && !this.#ended && this.#owned;
  }

  /** Cancels what we started and nobody will wait for any more. A run not seen to end stays in the journal. */
  #cancelRemote(): void {
    if (!this.#owned) return;
    this.#line?.keep();
    if (!this.#run || this.#ended) return;
    void this.#canceller.cancel(this.#run.runId).then((ended) => ended && this.#line?.remove());
  }

  /** The request has failed, so nobody waits for the run that it may have started. */
  #cancelLostRun(trace: RunTrace): void {
    this.#lost = true;
    this.#line?.keep();
    const bound = timeoutSignal(this.#ambient, LOST_RUN_SEARCH_MS);
    const options = { client: this.#client, canceller: this.#canceller, log: this.#log, signal: bound.signal };
    void cancelLostRun(options, trace).then((over) => {
      bound.release();
      if (over) void this.#line?.remove();
    });
  }

  /** Being stopped before a run exists is a failure of the request; later it is an outcome. */
  #asOurFailure(error: unknown): ExecutionFailure {
    if (!this.#stop.signal.aborted || error instanceof ExecutionFailure) return asFailure(error);
    const when = this.#request.attachTo ? "before the run could be looked at" : "before a run was started";
    return this.#stop.by === "deadline"
      ? new ExecutionFailure("timed_out", `the time limit of the request was reached ${when}`)
      : new ExecutionFailure("cancelled", `the request was cancelled ${when}`);
  }

  /** Leaves with `#run` set, or with the outcome of a run that was finished before it had a name. */
  async *#begin(): Events<Outcome | undefined> {
    const request = this.#request;
    const { signal } = this.#stop;
    const requestId = this.#ambient.uuid();
    if (request.attachTo) {
      if (this.#owned) this.#run = { runId: request.attachTo, deploymentId: "" }; // known enough to be cancelled
      const record = await this.#client.getRun(request.attachTo, { signal });
      this.#run = runRefOf(record);
      if (this.#owned) this.#line = this.#options.journal?.pendingEntry(requestId, request);
      void this.#line?.note(this.#run);
      yield statusEvent("running", undefined, this.#run);
      return undefined;
    }
    this.#line = this.#options.journal?.pendingEntry(requestId, request);
    const { client, deploys } = this.#options;
    const onLost = (trace: RunTrace) => this.#cancelLostRun(trace);
    const launched = yield* launch({ client, deploys, request, requestId, line: this.#line, signal, onLost });
    if (launched.kind === "outcome") return launched.outcome;
    this.#run = { runId: launched.runId, deploymentId: launched.deploymentId };
    if (signal.aborted) this.#cancelRemote(); // the stop came while the create call was in flight
    this.#detached = request.detach === true && !signal.aborted;
    void this.#line?.note(this.#run);
    yield statusEvent("queued", undefined, this.#run);
    return undefined;
  }

  async *#followToTheEnd(): Events<Outcome> {
    const run = this.#knownRun();
    const follower = new RunFollower(this.#client, run.runId, this.#stop.signal);
    let streamError: string | undefined;
    try {
      for (let looks = 0; ; looks += 1) {
        const before = follower.cursor.applied;
        streamError = (yield* this.#follow(follower)) ?? streamError;
        const seen = await this.#look(run.runId, follower.cursor, streamError);
        if (!("status" in seen)) return yield* emitRemaining(seen, this.#followed(follower.cursor, streamError));
        yield* this.#states.emit(seen.status, seen.message, run);
        if (seen.status === AWAITING_APPROVAL) {
          const undecided = yield* this.#approvals.emit(this.#client, run.runId, seen.message, this.#patient());
          this.#stop.signal.throwIfAborted(); // the telling waits for the host
          if (undecided && this.#request.onApproval === "return") return await this.#leaveWaiting(seen.run, undecided);
        }
        // The stream ended before the run did (a pause, a limit of the service): look again later.
        if (follower.cursor.applied > before) looks = 0;
        await sleep(this.#ambient, backoffMs(this.#ambient, looks, LOOK_BASE_MS, LOOK_CAP_MS), this.#stop.signal);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
      return yield* this.#settle(follower.cursor, streamError);
    }
  }

  /** Until the service says that the run is over or waits; answers the text of a stream error, if one came. */
  async *#follow(follower: RunFollower): Events<string | undefined> {
    const items = follower.follow();
    try {
      for (;;) {
        const { done, value } = await items.next();
        if (done) {
          this.#troubled = !value.whole;
          return value.streamError;
        }
        if (value.kind === "events") {
          for (const event of this.#transcript.applyAll(value.events)) yield event; // `yield*` would await each twice
        } else if (value.kind === "reconnecting") {
          yield statusEvent("reconnecting");
        } else {
          const { status, currentTool, currentStep, phase, latestSequence: latest } = value.state;
          this.#latest = Math.max(this.#latest, latest > 0 ? latest : -1);
          yield* this.#states.emit(status, currentTool ?? currentStep ?? phase, this.#knownRun());
          if (status === AWAITING_APPROVAL && value.caughtUp && this.#request.onApproval === "return") return undefined;
        }
      }
    } finally {
      await items.return({ whole: false }); // whoever leaves in the middle closes the stream
    }
  }

  #patient() {
    return { signal: this.#stop.signal, attempts: Number.POSITIVE_INFINITY };
  }

  #knownRun(): RunRef {
    if (!this.#run) throw new ExecutionFailure("internal", "a run was followed before it was known");
    return this.#run;
  }

  /** Reads the record. It is not kept where something waits for the host: a record may be large. */
  #look(runId: string, cursor: RunCursor, streamError: string | undefined): Promise<Reconciled | OpenRun> {
    // A stream that said it was over was that of a run that has ended.
    const read = readRecord(this.#client, runId, this.#patient(), !this.#troubled);
    return read.then(({ record, listing }): Promise<Reconciled | OpenRun> | OpenRun => {
      if (endingOf(record.status)) return this.#reconcile(record, this.#followed(cursor, streamError), listing);
      return { run: runRefOf(record), status: record.status, message: record.statusMessage };
    });
  }

  /** The caller does not wait for a person: the run is left waiting on purpose. */
  async #leaveWaiting(run: RunRef, undecided: Undecided): Promise<Outcome> {
    this.#ended = true;
    await this.#line?.remove();
    const artifacts = [...this.#transcript.artifacts.values()];
    return { kind: "awaiting_approval", run, text: this.#transcript.text, artifacts, ...undecided };
  }

  #reconcile(record: Run, followed: Followed, listing?: Promise<RunArtifact[]>): Promise<Reconciled> {
    this.#ended = true;
    return reconcile(record, followed, listing);
  }

  #followed(cursor: RunCursor, streamError: string | undefined): Followed {
    const [client, log, transcript, latest, troubled] = [
      this.#client,
      this.#log,
      this.#transcript,
      this.#latest,
      this.#troubled,
    ];
    return { client, log, transcript, cursor, latest, troubled, streamError, stoppedBy: this.#stop.by };
  }

  /** We were stopped: wait for the remote run to end, bounded, and tell what really happened. */
  async *#settle(cursor: RunCursor, streamError: string | undefined): Events<Outcome> {
    const run = this.#knownRun();
    const stoppedBy = this.#stop.by ?? "host";
    if (!this.#owned)
      return unfinishedOutcome(run, this.#transcript, stoppedBy, "stopped following; the run itself goes on");
    yield statusEvent("cancelling", undefined, run);
    const followed = this.#followed(cursor, streamError);
    const ending = await this.#canceller
      .cancelWithin(run.runId, CONFIRM_MS)
      .then((ended) => ended?.record && this.#reconcile(ended.record, followed));
    if (ending) return yield* emitRemaining(ending, followed);
    this.#log("warn", "cancel requested but not confirmed", { by: stoppedBy });
    return unfinishedOutcome(
      run,
      this.#transcript,
      stoppedBy,
      "cancel requested, but Seren Cloud has not confirmed it; the run may still be going",
    );
  }
}

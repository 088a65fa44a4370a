/** Follows one remote run to its end, whoever ends it: the stream, a look at its record, a resumption, or a stop. */
import { AWAITING_APPROVAL, endingOf, type Run, type SerenClient, UNKNOWN_STATUS } from "../../seren/index.ts";
import { graceSignal } from "../../support/abort.ts";
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { type FailureKind, isOneOf } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { settleWithin } from "../../support/settle-within.ts";
import type { ExecutionEvent, Outcome, RunRef } from "../events.ts";
import type { Custody } from "./custody.ts";
import { FollowedRun } from "./follow-run.ts";
import { ApprovalNotifier, statusEvent, type Undecided } from "./notifiers.ts";
import { runRefOf, unfinishedOutcome } from "./outcome.ts";
import { type Ending, emitRemaining, type Reconciled, readRecord, reconcile } from "./reconcile.ts";
import { isInterrupted, type Resumed, Resumption } from "./resumption.ts";
import { RECONCILE_GRACE_MS, type StopSignal } from "./stop-signal.ts";

/** A cancelled run is waited for this long before the outcome says that the cancel is not confirmed. */
const CONFIRM_MS = 60_000;
/** An end that is read within this time is not worth a status of its own. */
const RECONCILING_AFTER_MS = 500;
/** Backoff between looks at a run that waits, or whose stream ended too early. */
const LOOK_BASE_MS = 250;
const LOOK_CAP_MS = 5_000;
/**
 * How long an interrupted run is looked at after a refusal to resume it (another request may have resumed it, and records lag
 * behind), and after a request whose result is not known, which may take effect late.
 */
const LOOK_AFTER = { refusedMs: 6_000, unknownMs: 30_000 };

/** A run that was just created may not be known everywhere at once, even when its stream has shown its end. */
const UNKNOWN_RUN_GRACE_MS = 10_000;

export interface RunToEndOptions {
  client: SerenClient;
  log: Log;
  stop: StopSignal;
  custody: Custody;
  /** The request returns when the run waits for a person, and leaves it waiting. */
  endAtApproval: boolean;
}

export interface RunEnd {
  outcome: Outcome;
  /** The conversation was busy, and nothing else happened. */
  nothingButBusy: boolean;
}

/** What a look at the run has shown. */
type Seen =
  | Reconciled
  /** It goes on, or waits for a person. */
  | { kind: "open"; run: RunRef; status: string; message?: string | undefined }
  /** It was resumed as another run. */
  | { kind: "moved"; runId: string };
/** A restart of its runtime has ended the run. */
interface Interrupted {
  kind: "interrupted";
  resumption: Resumption;
}

const UNKNOWN: ReadonlySet<FailureKind> = new Set(["not_found"]);

type Events<T> = AsyncGenerator<ExecutionEvent, T, void>;

export class RunToEnd {
  readonly #client: SerenClient;
  readonly #ambient: Ambient;
  readonly #log: Log;
  readonly #stop: StopSignal;
  readonly #custody: Custody;
  readonly #endAtApproval: boolean;
  /** How the one request to resume the run ended, if it was interrupted. */
  #resumed: Resumed["kind"] | undefined;
  #since = 0;

  constructor({ client, log, stop, custody, endAtApproval }: RunToEndOptions) {
    this.#client = client;
    this.#ambient = client.ambient;
    this.#log = log;
    this.#stop = stop;
    this.#custody = custody;
    this.#endAtApproval = endAtApproval;
  }

  async *follow(run: RunRef): Events<RunEnd> {
    const client = this.#client;
    const { signal } = this.#stop;
    this.#since = this.#ambient.now();
    const endAtApproval = this.#endAtApproval;
    const followed = new FollowedRun({ client, run, signal: this.#stop.following, endAtApproval });
    const approvals = new ApprovalNotifier(client, run.runId);
    let next: RunRef;
    try {
      for (let looks = 0; ; looks += 1) {
        const before = followed.cursor.applied;
        yield* followed.follow();
        const seen = yield* this.#see(followed);
        if (seen.kind === "concluded" || seen.kind === "cut") return yield* this.#end(seen, this.#ending(followed));
        if (seen.kind === "moved") {
          next = { ...run, runId: seen.runId };
          break;
        }
        yield* followed.statuses.emit(seen.status, seen.message);
        if (seen.status === AWAITING_APPROVAL) {
          const undecided = yield* approvals.emit(seen.message, this.#patient());
          signal.throwIfAborted(); // the host may have taken its time
          if (undecided && endAtApproval) return ended(await this.#leaveWaiting(seen.run, undecided, followed));
        }
        // The stream ended before the run did (a pause, a limit of the service): look again later.
        if (followed.cursor.applied > before) looks = 0;
        await sleep(this.#ambient, backoffMs(this.#ambient, looks, LOOK_BASE_MS, LOOK_CAP_MS), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      return yield* this.#settle(followed);
    }
    return yield* this.#followElsewhere(next, followed.transcript.text);
  }

  /** `before`: the text of the run that this one continues. */
  async *#followElsewhere(run: RunRef, before: string): Events<RunEnd> {
    this.#custody.moveTo(run);
    yield statusEvent("running", { run });
    const { outcome } = yield* this.follow(run);
    return ended({ ...outcome, text: before + outcome.text });
  }

  /** Calls are repeated until the request is stopped. */
  #patient() {
    return { signal: this.#stop.signal, attempts: Number.POSITIVE_INFINITY };
  }

  async *#see(followed: FollowedRun): Events<Seen> {
    const looking = this.#look(followed);
    yield* this.#reportReconciling(looking, followed);
    const seen = await looking;
    if (seen.kind !== "interrupted") return seen;
    return (yield* this.#resume(seen.resumption, followed)) ?? (yield* this.#see(followed));
  }

  /** Lets an interrupted run of ours go on, once. Returns undefined when it does not. */
  async *#resume(resumption: Resumption, followed: FollowedRun): Events<Seen | undefined> {
    const { run } = followed;
    yield statusEvent("running", { detail: "interrupted by a restart of its runtime; resuming", run });
    await this.#custody.resume(resumption);
    const resumed = await resumption.ask(this.#stop.signal, LOOK_AFTER);
    this.#resumed = resumed.kind;
    if (resumed.kind !== "going_on") return undefined;
    if (resumed.runId !== run.runId) return { kind: "moved", runId: resumed.runId };
    followed.goOn();
    return { kind: "open", run, status: "running" };
  }

  /** Reads the record, and reconciles a run that has ended. The promise chain lets the record go (see `reconcile.ts`). */
  #look(followed: FollowedRun): Promise<Seen | Interrupted> {
    const client = this.#client;
    const { runId } = followed.run;
    // A stream that was read to its end is that of a run that has ended.
    const { complete: withListing, status } = followed.result;
    const streamEnd = withListing ? status : undefined;
    const read = readRecord({ client, runId, call: this.#patient(), withListing, streamEnd });
    const onRecord = ({
      record,
      listing,
      abandonListing,
    }: Awaited<typeof read>): Promise<Seen> | Seen | Interrupted => {
      const isEnd = endingOf(record.status) && !this.#custody.resumption?.mayGoOn(record);
      const isInterruption = isEnd && this.#mayResume(record);
      if (isEnd && !isInterruption) {
        this.#custody.close(record);
        return reconcile(record, this.#ending(followed), listing);
      }
      abandonListing();
      if (isInterruption) return { kind: "interrupted", resumption: new Resumption(client, record) };
      return {
        kind: "open",
        run: runRefOf(record, followed.run),
        status: record.status,
        message: record.statusMessage,
      };
    };
    return read.then(onRecord, (error: unknown) => {
      const isTooNew = isOneOf(UNKNOWN, error) && this.#ambient.now() - this.#since < UNKNOWN_RUN_GRACE_MS;
      if (!isTooNew) throw error;
      return { kind: "open", run: followed.run, status: UNKNOWN_STATUS };
    });
  }

  /** Waiting for a run of ours asks for its resumption; following that of somebody else does not. */
  #mayResume(record: Run): boolean {
    return this.#custody.isOurs && this.#resumed === undefined && !this.#stop.signal.aborted && isInterrupted(record);
  }

  /** Reports that the end of the run is being read, when that takes longer than a moment. Never rejects. */
  async *#reportReconciling(looking: Promise<unknown>, { statuses }: FollowedRun): Events<void> {
    while (!(await settleWithin(this.#ambient, RECONCILING_AFTER_MS, looking))) {
      if (this.#custody.isClosed) return yield* statuses.emitReconciling();
    }
  }

  /** The caller does not wait for a person: the run is left waiting on purpose. */
  async #leaveWaiting(run: RunRef, undecided: Undecided, { transcript }: FollowedRun): Promise<Outcome> {
    await this.#custody.leaveWaiting();
    const artifacts = [...transcript.artifacts.values()];
    return { kind: "awaiting_approval", run, text: transcript.text, artifacts, ...undecided };
  }

  /** Emits what the host has not seen, and returns how the run ended. */
  async *#end(reconciled: Reconciled, ending: Ending): Events<RunEnd> {
    const nothingButBusy = reconciled.kind === "concluded" && reconciled.nothingButBusy;
    const outcome = yield* emitRemaining(reconciled, ending);
    if (this.#resumed === "nothing_to_resume" && outcome.error?.hint === "resume_run") {
      const { hint: _, hintRunId: __, ...error } = outcome.error;
      return { outcome: { ...outcome, error }, nothingButBusy };
    }
    return { outcome, nothingButBusy };
  }

  #ending(followed: FollowedRun, signal = this.#stop.late): Ending {
    return { client: this.#client, log: this.#log, followed, signal, stoppedBy: this.#stop.by };
  }

  /** After a stop: waits a limited time for the remote run to end, and returns what really happened. */
  async *#settle(followed: FollowedRun): Events<RunEnd> {
    const { run, transcript } = followed;
    const stoppedBy = this.#stop.by ?? "host";
    const unfinished = { run, transcript, stoppedBy };
    if (!this.#custody.isOurs) {
      return ended(unfinishedOutcome({ ...unfinished, message: "stopped following; the run itself goes on" }));
    }
    yield statusEvent("cancelling", { run });
    const confirmed = new AbortController();
    const grace = graceSignal(this.#ambient, RECONCILE_GRACE_MS, confirmed.signal);
    const ending = this.#ending(followed, grace.signal);
    try {
      const reconciled = await this.#custody.cancelWithin(run, CONFIRM_MS).then((cancelled) => {
        confirmed.abort();
        if (!cancelled?.record) return undefined;
        this.#custody.close(cancelled.record);
        return reconcile(cancelled.record, ending);
      });
      if (reconciled) return yield* this.#end(reconciled, ending);
    } finally {
      grace.release();
    }
    this.#log("warn", "cancel requested but not confirmed", { by: stoppedBy });
    const message = "cancel requested, but Seren Cloud has not confirmed it; the run may still be going";
    return ended(unfinishedOutcome({ ...unfinished, message }));
  }
}

function ended(outcome: Outcome): RunEnd {
  return { outcome, nothingButBusy: false };
}

/**
 * One run from request to outcome:
 * accepted → resolving target → submitting → following ⇄ awaiting approval → reconciling → ended.
 *
 * Events are pulled, so a slow host slows its own stream and nothing else. Stopping does not depend on anybody pulling:
 * the moment the caller aborts or the deadline passes, the cancel is sent. However the loop is left, a run that has not
 * ended is cancelled, unless it was attached to rather than started.
 */
import {
  AWAITING_APPROVAL,
  endingOf,
  RunFollower,
  type RunRecord,
  type SerenClient,
  startRun,
} from "../seren/index.ts";
import { type Ambient, backoffMs, sleep } from "../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import type { Canceller } from "./canceller.ts";
import type { ExecutionEvent, Outcome, Phase, RunRef } from "./events.ts";
import { approvalsOf, endedOutcome, mergeArtifacts, runRefOf } from "./outcome.ts";
import type { Execute } from "./registry.ts";
import type { RunLimits, RunRequest } from "./request.ts";
import { StopSwitch } from "./stop-switch.ts";
import { resolveTarget, untilReady } from "./target.ts";
import { Transcript } from "./transcript.ts";

/** A cancelled run is waited for this long before the outcome says that the cancel is not confirmed. */
const CONFIRM_MS = 60_000;
/** A record that turned terminal before its events were complete is read again at these intervals. */
const REREAD_MS = [250, 500, 1_000, 1_500];
/** How often a paused run, or one whose stream ended too early, is looked at. */
const LOOK_BASE_MS = 250;
const LOOK_CAP_MS = 5_000;

export interface ExecutionOptions {
  client: SerenClient;
  canceller: Canceller;
  log: Log;
}

export function createExecute(options: ExecutionOptions): Execute {
  return (request, limits) => new Execution(options, request, limits).run();
}

type Events<T> = AsyncGenerator<ExecutionEvent, T, void>;

class Execution {
  readonly #client: SerenClient;
  readonly #ambient: Ambient;
  readonly #canceller: Canceller;
  readonly #log: Log;
  readonly #request: RunRequest;
  readonly #stop: StopSwitch;
  readonly #transcript = new Transcript();
  #run: RunRef | undefined;
  #ended = false;
  #detached = false;
  #shownStatus = "";
  #shownApprovals = "";

  constructor({ client, canceller, log }: ExecutionOptions, request: RunRequest, limits: RunLimits) {
    this.#client = client;
    this.#ambient = client.ambient;
    this.#canceller = canceller;
    this.#log = log;
    this.#request = request;
    this.#stop = new StopSwitch(client.ambient, limits);
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
      this.#cancelRemote();
    }
  }

  get #owned(): boolean {
    if (this.#detached) return false;
    return this.#request.attachTo === undefined || this.#request.owned === true;
  }

  /** Cancels what we started and nobody will wait for any more. */
  #cancelRemote(): void {
    if (this.#run && !this.#ended && this.#owned) void this.#canceller.cancel(this.#run.runId);
  }

  /** Being stopped before a run exists is a failure of the request; later it is an outcome. */
  #asOurFailure(error: unknown): ExecutionFailure {
    if (!this.#stop.signal.aborted || error instanceof ExecutionFailure) return asFailure(error);
    return this.#stop.by === "deadline"
      ? new ExecutionFailure("timed_out", "the time limit of the request was reached before a run was started")
      : new ExecutionFailure("cancelled", "the request was cancelled before a run was started");
  }

  /** Leaves with `#run` set, or with the outcome of a run that was finished before it had a name. */
  async *#begin(): Events<Outcome | undefined> {
    const { attachTo } = this.#request;
    if (attachTo) {
      const record = await this.#client.getRun(attachTo, { signal: this.#stop.signal });
      this.#run = runRefOf(record);
      yield this.#status("running", undefined, this.#run);
      return undefined;
    }
    const requestId = this.#ambient.uuid();
    let deploymentId = yield* resolveTarget(this.#client, this.#request.target, this.#stop.signal);
    yield this.#status("submitting");
    let started: Awaited<ReturnType<typeof startRun>>;
    try {
      started = await this.#submit(deploymentId, requestId);
    } catch (error) {
      const failure = asFailure(error);
      if (this.#stop.signal.aborted || (failure.kind !== "not_found" && failure.kind !== "invalid_input")) throw error;
      deploymentId = yield* this.#anotherDeployment(deploymentId, failure);
      started = await this.#submit(deploymentId, requestId);
    }
    if (started.kind === "inline") return this.#inlineOutcome(started.status, started.text);
    this.#run = { runId: started.runId, deploymentId };
    if (this.#stop.signal.aborted)
      this.#cancelRemote(); // the stop came while the create call was in flight
    else if (this.#request.detach) this.#detached = true;
    yield this.#status("queued", undefined, this.#run);
    return undefined;
  }

  #submit(deploymentId: string, requestId: string) {
    const { message, conversationId, operation, inputs } = this.#request;
    return startRun(
      this.#client,
      deploymentId,
      {
        async: true,
        client_request_id: requestId,
        ...(message === undefined ? {} : { message }),
        ...(conversationId === undefined ? {} : { conversation_id: conversationId }),
        ...(operation === undefined ? {} : { operation }),
        ...(inputs === undefined ? {} : { inputs }),
      },
      { signal: this.#stop.signal },
    );
  }

  /** The deployment we knew refused the run: it may be gone or stopped. Nothing was started there. */
  async *#anotherDeployment(deploymentId: string, failure: ExecutionFailure): Events<string> {
    const { target } = this.#request;
    const signal = this.#stop.signal;
    if (failure.kind === "invalid_input") {
      const deployment = await this.#client.getDeployment(deploymentId, { signal });
      const idle =
        deployment.status === "stopped" || deployment.status === "pending" || deployment.status === "building";
      if (!idle) throw failure;
      return yield* untilReady(this.#client, deployment, signal);
    }
    if (target.kind === "workload" && target.knownId === deploymentId) {
      return yield* resolveTarget(this.#client, target, signal, true);
    }
    const where = target.kind === "deployment" ? ` (it comes from ${target.named})` : "";
    throw new ExecutionFailure("not_found", `the deployment does not exist on Seren Cloud${where}`, { cause: failure });
  }

  #inlineOutcome(status: string, text: string): Outcome {
    const ending = endingOf(status) ?? "completed";
    const outcome: Outcome = { kind: ending, text, artifacts: [], approvals: [] };
    if (ending !== "completed") outcome.error = { message: text || `the run ended: ${status}` };
    return outcome;
  }

  async *#followToTheEnd(): Events<Outcome> {
    const run = this.#knownRun();
    const follower = new RunFollower(this.#client, run.runId, this.#stop.signal);
    let streamError: string | undefined;
    try {
      for (let looks = 0; ; looks += 1) {
        const before = follower.cursor.applied;
        const follow = follower.follow();
        let step = await follow.next();
        while (!step.done) {
          const item = step.value;
          if (item.kind === "event") {
            const event = this.#transcript.apply(item.event);
            if (event) yield event;
          } else if (item.kind === "reconnecting") {
            yield this.#status("reconnecting");
          } else {
            yield* this.#showState(
              item.state.status,
              item.state.current_tool ?? item.state.current_step ?? item.state.phase,
            );
            if (item.state.status === AWAITING_APPROVAL && item.caughtUp && this.#request.onApproval === "return")
              break;
          }
          step = await follow.next();
        }
        if (step.done) streamError = step.value.streamError ?? streamError;
        else await follow.return({});
        const record = await this.#client.getRun(run.runId, this.#patient());
        const ending = endingOf(record.status);
        if (ending) return yield* this.#reconcile(record, follower.cursor.sequence, streamError);
        yield* this.#showState(record.status, record.status_message ?? undefined);
        if (record.status === AWAITING_APPROVAL) {
          const outcome = yield* this.#awaitApproval(record);
          if (outcome) return outcome;
        }
        // The stream ended before the run did (a pause, a limit of the service): look again later.
        if (follower.cursor.applied > before) looks = 0;
        await sleep(this.#ambient, backoffMs(this.#ambient, looks, LOOK_BASE_MS, LOOK_CAP_MS), this.#stop.signal);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
      return yield* this.#settle(follower.cursor.sequence, streamError);
    }
  }

  #patient() {
    return { signal: this.#stop.signal, attempts: Number.POSITIVE_INFINITY };
  }

  #knownRun(): RunRef {
    if (!this.#run) throw new ExecutionFailure("internal", "a run was followed before it was known");
    return this.#run;
  }

  #status(phase: Phase, detail?: string, run?: RunRef): ExecutionEvent {
    return { type: "status", phase, ...(detail ? { detail } : {}), ...(run ? { run } : {}) };
  }

  *#showState(status: string, detail: string | undefined): Generator<ExecutionEvent, void, void> {
    const shown = `${status}\n${detail ?? ""}`;
    if (shown === this.#shownStatus) return;
    this.#shownStatus = shown;
    if (endingOf(status)) return; // told by the outcome, when all events are in
    const phase: Phase =
      status === "queued" ? "queued" : status === AWAITING_APPROVAL ? "awaiting_approval" : "running";
    yield this.#status(phase, detail === status ? undefined : detail, this.#run);
  }

  /** Tells once what has to be decided. Answers the outcome when the caller does not want to wait for it. */
  async *#awaitApproval(record: RunRecord): Events<Outcome | undefined> {
    const pending = await this.#client.getPendingApprovals(record.id, this.#patient());
    const approvals = approvalsOf(pending.pending_approvals ?? []);
    const shown = approvals.map(({ id }) => id).join("\n") || "none";
    if (shown !== this.#shownApprovals) {
      this.#shownApprovals = shown;
      yield { type: "approval_wait", approvals, ...(record.status_message ? { reason: record.status_message } : {}) };
    }
    if (this.#request.onApproval === "wait") return undefined;
    this.#ended = true; // it is left waiting on purpose
    return {
      kind: "awaiting_approval",
      run: runRefOf(record),
      text: this.#transcript.text,
      artifacts: [...this.#transcript.artifacts.values()],
      approvals,
      ...(pending.checkpoint_id ? { checkpointId: pending.checkpoint_id } : {}),
    };
  }

  /** Makes what was told equal to the record, then the outcome. */
  async *#reconcile(first: RunRecord, sequence: number, streamError: string | undefined): Events<Outcome> {
    this.#ended = true;
    let record = first;
    const listing = this.#client.listRunArtifacts(record.id).catch(() => []); // events have told of them already
    let final = this.#transcript.finalText(record);
    for (const wait of REREAD_MS) {
      if (!final.recordIsShorter) break;
      await sleep(this.#ambient, wait);
      record = await this.#client.getRun(record.id).catch(() => record);
      final = this.#transcript.finalText(record);
    }
    yield* this.#transcript.missing(record, sequence);
    final = this.#transcript.finalText(record);
    if (final.late) {
      this.#transcript.append(final.late);
      yield { type: "text", text: final.late };
    }
    if (final.replaced) {
      this.#log("warn", "the streamed text differs from the record; the record's is the answer");
      yield {
        type: "notice",
        level: "warning",
        message: "parts of the streamed answer were lost or out of order; the final answer is complete",
      };
    }
    const ending = endingOf(record.status) ?? "failed";
    const outcome = endedOutcome({
      record,
      ending,
      transcript: this.#transcript,
      text: final.text,
      artifacts: mergeArtifacts(this.#transcript.artifacts, await listing),
      ...(streamError === undefined ? {} : { streamError }),
      ...(this.#stop.by ? { stoppedBy: this.#stop.by } : {}),
    });
    if (outcome.usage) yield { type: "usage", usage: outcome.usage };
    return outcome;
  }

  /** We were stopped: wait for the remote run to end, bounded, and tell what really happened. */
  async *#settle(sequence: number, streamError: string | undefined): Events<Outcome> {
    const run = this.#knownRun();
    const stoppedBy = this.#stop.by ?? "host";
    if (!this.#owned) return this.#unfinished(run, "stopped following; the run itself goes on");
    yield this.#status("cancelling", undefined, run);
    const record = await this.#confirmed(run.runId);
    if (record) return yield* this.#reconcile(record, sequence, streamError);
    this.#log("warn", "cancel requested but not confirmed", { by: stoppedBy });
    return this.#unfinished(run, "cancel requested, but Seren Cloud has not confirmed it; the run may still be going");
  }

  #confirmed(runId: string): Promise<RunRecord | undefined> {
    return new Promise((resolve) => {
      const stopTimer = this.#ambient.timer(CONFIRM_MS, () => resolve(undefined), { unref: true });
      void this.#canceller.cancel(runId).then((record) => {
        stopTimer();
        resolve(record);
      });
    });
  }

  #unfinished(run: RunRef, message: string): Outcome {
    const stoppedBy = this.#stop.by ?? "host";
    return {
      kind: stoppedBy === "deadline" ? "timed_out" : "failed",
      run,
      text: this.#transcript.text,
      error: { message },
      artifacts: [...this.#transcript.artifacts.values()],
      approvals: [],
      stoppedBy,
    };
  }
}

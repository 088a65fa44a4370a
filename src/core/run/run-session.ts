/**
 * One run, from request to outcome:
 *
 *     accepted → resolving target → submitting → following ⇄ awaiting approval → reconciling → ended
 *
 * Events are pulled, so a slow host slows its own stream and nothing else. Stopping does not depend on anyone pulling: the
 * cancel is sent the moment the caller aborts or the deadline passes. However the generator is left, a run of ours that has
 * not ended is cancelled.
 */
import { CONVERSATION_BUSY, digestOf, findBegunRun } from "../../seren/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { Deploys } from "../deployment/deploys.ts";
import type { ExecutionEvent, Outcome, RunRef } from "../events.ts";
import type { Execute } from "../host/run-registry.ts";
import type { BegunRun, RunLimits, RunRequest } from "../request.ts";
import { nameWaitingRun, type Refused, untilTaken, withWaitingRun } from "./busy-conversation.ts";
import { Custody, type CustodyOptions } from "./custody.ts";
import { type Launched, launch } from "./launch.ts";
import { statusEvent } from "./notifiers.ts";
import { runRefOf } from "./outcome.ts";
import { type RunEnd, RunToEnd } from "./run-to-end.ts";
import { StopSignal, stoppedBefore } from "./stop-signal.ts";

export interface ExecutionOptions extends CustodyOptions {
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

type Events<T> = AsyncGenerator<ExecutionEvent, T, void>;

class RunSession {
  readonly #options: SessionOptions;
  readonly #ambient: Ambient;
  readonly #request: RunRequest;
  readonly #stop: StopSignal;
  readonly #custody: Custody;
  /** Where the run was started, or was about to be. */
  #deploymentId: string | undefined;

  constructor(options: SessionOptions, request: RunRequest, limits: RunLimits) {
    this.#options = options;
    this.#ambient = options.client.ambient;
    this.#request = needsConversation(request) ? { ...request, conversationId: this.#ambient.uuid() } : request;
    this.#stop = new StopSignal(this.#ambient, limits);
    this.#custody = new Custody(options, request.attachTo === undefined || request.owned ? "ours" : "foreign");
  }

  async *run(): Events<Outcome> {
    const { client } = this.#options;
    const { signal } = this.#stop;
    const onStop = () => void this.#custody.cancel();
    signal.addEventListener("abort", onStop, { once: true });
    let failure: ExecutionFailure | undefined;
    try {
      const outcome = yield* this.#outcome();
      return await withWaitingRun(client, this.#conversation, signal, outcome);
    } catch (error) {
      failure = this.#toFailure(error);
      await nameWaitingRun(client, this.#conversation, signal, failure);
      throw failure;
    } finally {
      signal.removeEventListener("abort", onStop);
      this.#stop.release();
      this.#custody.leave(failure);
    }
  }

  get #conversation() {
    return { deploymentId: this.#deploymentId, conversationId: this.#request.conversationId };
  }

  async *#outcome(): Events<Outcome> {
    const { attachTo, begun } = this.#request;
    const earlier = attachTo ? yield* this.#attach(attachTo) : begun && (yield* this.#takeUp(begun));
    if (earlier) return (yield* this.#follow(earlier)).outcome;
    return yield* untilTaken(this.#ambient, this.#stop.signal, () => this.#send());
  }

  /** Returns the run that an earlier process has started for this request, if it has. */
  async *#takeUp(begun: BegunRun): Events<RunRef | undefined> {
    const custody = this.#custody;
    const { requestId, deploymentId } = begun;
    const { conversationId, message } = this.#request;
    this.#deploymentId = deploymentId;
    custody.begin(requestId, this.#request);
    const trace = { ...begun, conversationId, messageDigest: digestOf(message) };
    let { runId } = begun;
    try {
      runId ??= await findBegunRun(this.#options.client, trace, this.#stop.signal);
    } catch (error) {
      if (asFailure(error).mayHaveStarted) custody.lose(trace);
      throw error;
    }
    if (runId === undefined) return undefined;
    const run = { runId, deploymentId, ...(conversationId === undefined ? {} : { conversationId }) };
    custody.open(run);
    if (this.#stop.signal.aborted) void custody.cancel(); // the stop came before there was an id to cancel
    custody.note(run);
    yield statusEvent("queued", { run });
    return run;
  }

  async *#send(): Events<Outcome | Refused> {
    let launched: Launched;
    try {
      launched = yield* this.#start();
    } catch (error) {
      const { code, retryAfterMs } = asFailure(error).details;
      if (code !== CONVERSATION_BUSY) throw error;
      return { kind: "refused", retryAfterMs };
    }
    if (launched.kind === "outcome") return launched.outcome;
    const { outcome, nothingButBusy } = yield* this.#follow(launched.run);
    return nothingButBusy && launched.isOnly && this.#custody.isOurs ? { kind: "refused", outcome } : outcome;
  }

  #follow(run: RunRef): Events<RunEnd> {
    const { client, log } = this.#options;
    const endAtApproval = this.#request.onApproval === "return";
    return new RunToEnd({ client, log, stop: this.#stop, custody: this.#custody, endAtApproval }).follow(run);
  }

  /** Being stopped before a run exists is a failure of the request; later it is an outcome. */
  #toFailure(error: unknown): ExecutionFailure {
    if (!this.#stop.signal.aborted || error instanceof ExecutionFailure) return asFailure(error);
    const when = this.#request.attachTo ? "before the run could be looked at" : "before a run was started";
    return stoppedBefore(this.#stop.by, when);
  }

  async *#attach(runId: string): Events<RunRef> {
    const custody = this.#custody;
    if (custody.isOurs) custody.open({ runId, deploymentId: "" }); // a cancel needs the id alone
    const run = runRefOf(await this.#options.client.getRun(runId, { signal: this.#stop.signal }));
    if (custody.isOurs) custody.begin(this.#ambient.uuid(), this.#request);
    custody.open(run);
    custody.note(run);
    yield statusEvent("running", { run });
    return run;
  }

  async *#start(): Events<Launched> {
    const { client, deploys } = this.#options;
    const custody = this.#custody;
    const requestId = this.#ambient.uuid();
    const { signal } = this.#stop;
    const request = this.#pinnedRequest();
    custody.begin(requestId, request);
    const launched = yield* launch({
      client,
      deploys,
      request,
      requestId,
      signal,
      beforeCreate: (id) => {
        this.#deploymentId = id;
        return custody.noteStart(id);
      },
      onLost: (trace) => custody.lose(trace),
    });
    if (launched.kind === "outcome") return launched;
    const { run } = launched;
    custody.open(run);
    if (signal.aborted)
      void custody.cancel(); // the stop came during the create call, when there was no id to cancel
    else if (request.detach) custody.detach();
    custody.note(run);
    yield statusEvent("queued", { run });
    return launched;
  }

  /** A turn that is sent anew goes to the deployment that refused it. */
  #pinnedRequest(): RunRequest {
    const { target } = this.#request;
    const deploymentId = this.#deploymentId;
    if (target.kind === "deployment" || deploymentId === undefined) return this.#request;
    if (target.kind === "workload") return { ...this.#request, target: { ...target, knownId: deploymentId } };
    return { ...this.#request, target: { kind: "deployment", deploymentId, named: "the conversation" } };
  }
}

/** A job or a tick of a heartbeat stands alone. */
function needsConversation({ attachTo, conversationId, operation = "chat" }: RunRequest): boolean {
  return attachTo === undefined && conversationId === undefined && operation === "chat";
}

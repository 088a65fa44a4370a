/** The run as the agent that works on it sees it: the request, and the ways to report, to wait, to ask and to end. */

import type { Ambient } from "../../support/ambient.ts";
import { lookUp } from "../../support/objects.ts";
import { isUuid } from "../../support/uuid.ts";
import { instructionNames, instructionTexts } from "./deployments.ts";
import type { EventObject } from "./event-log.ts";
import { type HeldDetails, HeldRequest } from "./held-request.ts";
import { isTerminal, type Run } from "./run.ts";
import type { UsageFigures } from "./run-data.ts";

/** Works on one run. Returning completes the run; throwing anything but `RUN_OVER` fails it. */
export type Agent = (context: AgentContext) => Promise<void>;

export interface ApprovalRequest {
  tool: string;
  args?: unknown;
  reason?: string | undefined;
}

/** A request to a host that the deployment may not reach. */
export interface EgressRequest {
  host: string;
  port: number;
  method?: string | undefined;
  path?: string | undefined;
  reason?: string | undefined;
  details?: unknown;
}

/** An approval of a kind of its own, which only the inbox shows. */
export interface InboxQuestion {
  subkind: string;
  payload?: unknown;
  reason?: string | undefined;
}

export interface ArtifactReport {
  id: string;
  kind: string;
  title?: string | undefined;
  url?: string | undefined;
}

/** An earlier turn of the conversation that completed. */
export interface Turn {
  question: string;
  answer: string;
}

export interface AgentContextOptions {
  run: Run;
  ambient: Ambient;
  /** Number of earlier runs of this deployment with the same conversation id. */
  earlierTurns: number;
  /** Returns the earlier turns, oldest first; those the service has forgotten are missing. */
  history: () => readonly Turn[];
  /** Number of events after which the run is interrupted once. Default: it is not. */
  interruptAfter?: number | undefined;
}

/** `event_type` and `kind` of the envelope, by event type. */
const ENVELOPES: Readonly<Record<string, readonly [eventType: string, kind: string]>> = {
  text: ["response.output_text.done", "text"],
  thinking: ["response.reasoning_text.done", "thinking"],
  tool_call: ["response.output_item.added", "tool_call_started"],
  tool_result: ["response.output_item.done", "tool_call_completed"],
};

export class AgentContext {
  readonly message: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
  /** File names of the deployment's instructions. */
  readonly instructions: readonly string[];
  readonly deploymentName: string;
  readonly earlierTurns: number;
  readonly history: () => readonly Turn[];
  readonly #ambient: Ambient;
  #run: Run;
  #items = 0;
  #checkpoints = 0;
  #interruptAfter: number | undefined;

  constructor({ run, ambient, earlierTurns, history, interruptAfter }: AgentContextOptions) {
    this.#run = run;
    this.#interruptAfter = interruptAfter;
    this.#ambient = ambient;
    this.history = history;
    this.payload = run.payload;
    this.message = typeof run.payload.message === "string" ? run.payload.message : undefined;
    this.instructions = instructionNames(run.deployment);
    this.deploymentName = run.deployment.name;
    this.earlierTurns = earlierTurns;
  }

  /** The run that reports go to: the one the agent was started for, until `continueIn` names another. */
  get run(): Run {
    return this.#run;
  }

  /** Sends everything that the agent reports from now on to `run`: a decision may continue in a new run. */
  continueIn(run: Run): void {
    this.#run = run;
  }

  /** Aborted when the run ends. */
  get signal(): AbortSignal {
    return this.#run.signal;
  }

  /** The model that the deployment names. */
  get modelId(): string | undefined {
    const { execution } = this.#run.deployment.body.workload;
    return (execution.type === "llm" && execution.model_id) || undefined;
  }

  /** Contents of the deployment's instructions, without those for evaluations. */
  get instructionTexts(): string[] {
    return instructionTexts(this.#run.deployment);
  }

  /** Appends an event in the envelope of its type. */
  emit(event: EventObject & { type: string }): void {
    const [eventType, kind] = lookUp(ENVELOPES, event.type) ?? [event.type, event.type];
    const index = this.#items;
    this.#items += 1;
    this.#run.append({
      event_type: eventType,
      kind,
      item_id: typeof event.id === "string" ? event.id : `it_${index + 1}`,
      output_index: index,
      content_index: 0,
      ...event,
    });
  }

  /** Appends an object as it is. */
  emitRaw(event: EventObject): void {
    this.#run.append(event);
  }

  text(text: string): void {
    this.emit({ type: "text", text });
  }

  /** Resolves after `ms`; without it, after what is already queued in the process. Rejects with `RUN_OVER`. */
  pause(ms?: number): Promise<void> {
    if (this.isInterruptionDue) return this.interrupt("the runtime was restarted").then(() => this.#run.pause(ms));
    return this.#run.pause(ms);
  }

  /** Whether the run has reached the event after which it is to be interrupted. */
  get isInterruptionDue(): boolean {
    return this.#interruptAfter !== undefined && this.#run.log.entries.length >= this.#interruptAfter;
  }

  /** Ends the run as a restart of its runtime does. Resolves when the run is resumed. Rejects with `RUN_OVER`. */
  interrupt(message: string): Promise<void> {
    this.#interruptAfter = undefined;
    return this.#run.interrupt(message);
  }

  /** Never resolves; rejects with `RUN_OVER` when the run ends. */
  hang(): Promise<void> {
    return this.#run.hang();
  }

  /** A number for the next tool call, unique within the run. */
  nextCallNumber(): number {
    return this.#items + 1;
  }

  /** Sets the tool that the live state shows as working; `undefined` for none. */
  showTool(tool: string | undefined): void {
    this.#run.currentTool = tool;
    this.#run.touch();
  }

  artifact({ id, kind, title, url }: ArtifactReport): void {
    const run = this.#run;
    run.addArtifact({
      // The record's id is a UUID, the event's a free string: they agree only when the caller's id is a UUID.
      id: isUuid(id) ? id : this.#ambient.uuid(),
      at: run.now(),
      type: kind,
      title: title ?? null,
      url: url ?? null,
      payload: { id, kind },
    });
    this.emit({ type: "artifact", id, kind, uri: url ?? null });
  }

  /** Waits for a person. Resolves with whether each request was approved, in order. Rejects with `RUN_OVER`. */
  async approvals(requests: readonly ApprovalRequest[]): Promise<boolean[]> {
    this.#checkpoints += 1;
    const checkpoint = `cp-${this.#checkpoints}-${this.#run.id.slice(0, 8)}`;
    // Three ids for one approval, all different: the published document does not relate them.
    const pending = requests.map(({ tool, args, reason }, index) => ({
      id: `ap-${this.#checkpoints}-${index + 1}`,
      tool,
      args: args ?? {},
      function_call_id: `fc_${this.#checkpoints}_${index + 1}`,
      reason: reason ?? null,
    }));
    this.emit({
      type: "workflow",
      state: "awaiting_approval",
      checkpoint_id: checkpoint,
      details: { pending_approvals: pending },
    });
    for (const [index, { reason }] of pending.entries()) {
      const tool_call_id = `call_${this.#checkpoints}_${index + 1}`;
      this.emit({ type: "approval_wait", checkpoint_id: checkpoint, reason, tool_call_id });
    }
    const decisions = await this.#run.awaitDecisions(checkpoint, pending);
    return pending.map(({ id, reason }, index) => {
      const decision = decisions.get(id) ?? "reject";
      const tool_call_id = `call_${this.#checkpoints}_${index + 1}`;
      this.emit({
        type: "approval_decision",
        decision,
        actor: "operator",
        checkpoint_id: checkpoint,
        reason,
        tool_call_id,
      });
      return decision === "approve";
    });
  }

  /** Holds a request until the inbox has decided it. Resolves with whether it may be sent. Rejects with `RUN_OVER`. */
  egress({ host, port, method, path, reason, details }: EgressRequest): Promise<boolean> {
    return this.#hold({
      kind: "blocked_egress",
      request_id: this.#ambient.uuid(),
      host,
      port,
      method: method ?? null,
      path: path ?? null,
      reason: reason ?? null,
      details: details ?? {},
    });
  }

  /** Asks the inbox. Resolves with whether it approves. Rejects with `RUN_OVER`. */
  ask({ subkind, payload, reason }: InboxQuestion): Promise<boolean> {
    return this.#hold({ kind: "other", subkind, payload: payload ?? {}, reason: reason ?? null });
  }

  #hold(details: HeldDetails): Promise<boolean> {
    const run = this.#run;
    return run.hold(new HeldRequest({ entryId: this.#ambient.uuid(), createdAt: run.now(), details }));
  }

  /** Sets figures that replace the computed ones. */
  usage(figures: UsageFigures): void {
    this.#run.usage = { ...this.#run.usage, ...figures };
  }

  /** Sets the record's output. Default: the joined text. */
  output(output: string): void {
    this.#run.output = output;
  }

  /** Ends the run when `status` is terminal; otherwise the run goes on under that status. */
  status(status: string, message?: string, stopReason?: string): void {
    if (isTerminal(status)) this.#run.finish(status, message, stopReason);
    else this.#run.setStatus(status, message);
  }
}

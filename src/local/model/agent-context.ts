/** What an agent sees of the run it works on: the request, and the ways to report, wait, ask and end. */
import type { Ambient } from "../../support/ambient.ts";
import { instructionNames, instructionTexts } from "./deployments.ts";
import type { EventObject } from "./event-log.ts";
import { isTerminal, type Run, type UsageFigures } from "./run.ts";

/** Works on one run. Returning completes the run; throwing anything but `RUN_OVER` fails it. */
export type Agent = (stage: AgentContext) => Promise<void>;

export interface ApprovalRequest {
  tool: string;
  args?: unknown;
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
  asked: string;
  answered: string;
}

/** `event_type` and `kind` of the envelope, by event type. */
const ENVELOPES: Readonly<Record<string, readonly [eventType: string, kind: string]>> = {
  text: ["response.output_text.done", "text"],
  thinking: ["response.reasoning_text.done", "thinking"],
  tool_call: ["response.output_item.added", "tool_call_started"],
  tool_result: ["response.output_item.done", "tool_call_completed"],
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export class AgentContext {
  /** Changes when a decision continues in another run. */
  run: Run;
  readonly message: string | undefined;
  readonly payload: Readonly<Record<string, unknown>>;
  /** File names of the deployment's instructions. */
  readonly instructions: readonly string[];
  readonly deploymentName: string;
  /** Earlier runs of this deployment with the same conversation id. */
  readonly earlierTurns: number;
  /** What was said in them, oldest first; turns the service has forgotten are missing. */
  readonly earlier: () => readonly Turn[];
  readonly #ambient: Ambient;
  #items = 0;
  #checkpoints = 0;

  constructor(run: Run, ambient: Ambient, earlierTurns: number, earlier: () => readonly Turn[] = () => []) {
    this.run = run;
    this.earlier = earlier;
    this.#ambient = ambient;
    this.payload = run.payload;
    this.message = typeof run.payload.message === "string" ? run.payload.message : undefined;
    this.instructions = instructionNames(run.deployment);
    this.deploymentName = run.deployment.name;
    this.earlierTurns = earlierTurns;
  }

  /** Aborted when the run is over. */
  get signal(): AbortSignal {
    return this.run.signal;
  }

  /** The model the deployment names. */
  get modelId(): string | undefined {
    const { execution } = this.run.deployment.body.workload;
    return (execution.type === "llm" && execution.model_id) || undefined;
  }

  /** Contents of the deployment's instructions, those for evaluations left out. */
  get instructionTexts(): string[] {
    return instructionTexts(this.run.deployment);
  }

  /** Appends an event with the envelope its type has. */
  emit(event: EventObject & { type: string }): void {
    const [eventType, kind] = ENVELOPES[event.type] ?? [event.type, event.type];
    const index = this.#items;
    this.#items += 1;
    this.run.append({
      event_type: eventType,
      kind,
      item_id: typeof event.id === "string" ? event.id : `it_${index + 1}`,
      output_index: index,
      content_index: 0,
      ...event,
    });
  }

  /** Appends an object as it is, whatever it is. */
  emitRaw(event: EventObject): void {
    this.run.append(event);
  }

  text(text: string): void {
    this.emit({ type: "text", text });
  }

  pause(ms?: number): Promise<void> {
    return this.run.pause(ms);
  }

  hang(): Promise<void> {
    return this.run.hang();
  }

  /** A number for the next tool call, unique within the run. */
  nextCall(): number {
    return this.#items + 1;
  }

  showTool(tool: string | undefined): void {
    this.run.currentTool = tool;
    this.run.touch();
  }

  artifact({ id, kind, title, url }: ArtifactReport): void {
    const { run } = this;
    run.addArtifact({
      // The record's id is a UUID, the event's a free string: they agree only when the caller's id is a UUID.
      id: UUID.test(id) ? id : this.#ambient.uuid(),
      at: run.now(),
      type: kind,
      title: title ?? null,
      url: url ?? null,
      payload: { id, kind },
    });
    this.emit({ type: "artifact", id, kind, uri: url ?? null });
  }

  /** Waits for a person. Resolves with whether each request was approved, in order. */
  async approvals(requests: readonly ApprovalRequest[]): Promise<boolean[]> {
    this.#checkpoints += 1;
    const checkpoint = `cp-${this.#checkpoints}-${this.run.id.slice(0, 8)}`;
    // Three ids for one thing, all different: nothing in the published document relates them.
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
    const decisions = await this.run.decisions(checkpoint, pending);
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

  /** Figures that replace the computed ones. */
  usage(figures: UsageFigures): void {
    this.run.usage = { ...this.run.usage, ...figures };
  }

  /** The record's plain output, when it is to differ from the joined text. */
  output(output: string): void {
    this.run.output = output;
  }

  /** Ends the run when `status` is terminal; otherwise the run goes on under that status. */
  status(status: string, message?: string, stopReason?: string): void {
    if (isTerminal(status)) this.run.finish(status, message, stopReason);
    else this.run.setStatus(status, message);
  }
}

/** Records the events of one run, and takes them at the pace of the planned host. */
import type { ExecutionEvent, Outcome } from "../../src/core/index.ts";
import { type Ambient, sleep } from "../../src/support/ambient.ts";
import type { ConsumerPlan } from "./simulation-plan.ts";
import type { Trace } from "./trace.ts";

export interface RecorderOptions {
  /** Names the run in the trace and in the service's records. */
  tag: string;
  consumer: ConsumerPlan;
  ambient: Ambient;
  trace: Trace;
  /** Called when the run reports a phase for the first time. */
  onPhase(phase: string): void;
}

export class RunRecorder {
  readonly tag: string;
  text = "";
  readonly tools: string[] = [];
  readonly phases = new Map<string, number>();
  /** The run that the last status named: a refused turn is sent anew as another run. */
  runId: string | undefined;
  readonly runIds = new Set<string>();
  /** The conversation that the last status named. */
  conversation: string | undefined;
  events = 0;
  /** Time of the last `approval_wait`, and the tools of each one. */
  askedAt = 0;
  readonly asked: string[] = [];
  readonly notices: string[] = [];
  /** What statuses said besides their phase. */
  readonly details: string[] = [];
  /** Whether a notice said that parts of the streamed answer were lost. */
  replaced = false;
  /** Whether a notice said that the end of the answer could not be read. */
  cutShort = false;
  /** Time when the host had taken the last event. */
  lastTakenAt = 0;
  stalled = false;
  broke = false;
  /** Time of the first stop request or deadline. */
  stoppedAt: number | undefined;
  settledAt: number | undefined;
  settlements = 0;
  /** Number of timers that the process had set when the run settled. */
  timersLeft = 0;
  outcome: Outcome | undefined;
  failure: unknown;
  readonly problems: string[] = [];
  #busy = false;
  readonly #consumer: ConsumerPlan;
  readonly #ambient: Ambient;
  readonly #trace: Trace;
  readonly #onPhase: (phase: string) => void;

  constructor({ tag, consumer, ambient, trace, onPhase }: RecorderOptions) {
    this.tag = tag;
    this.#consumer = consumer;
    this.#ambient = ambient;
    this.#trace = trace;
    this.#onPhase = onPhase;
  }

  /** Takes an event; resolves when the host has read it. */
  readonly record = async (event: ExecutionEvent): Promise<void> => {
    this.#trace.note(`${this.#ambient.now()} ${this.tag} ${JSON.stringify(event)}`);
    if (this.#busy) this.problems.push("I7: an event came before the one before it was taken");
    if (this.settledAt !== undefined) this.problems.push("I1: an event came after the outcome");
    this.#busy = true;
    this.events += 1;
    this.#read(event);
    await this.#consume();
    this.lastTakenAt = this.#ambient.now();
    this.#busy = false;
  };

  #read(event: ExecutionEvent): void {
    if (event.type === "notice") this.notices.push(event.message);
    if (event.type === "text") this.text += event.text;
    else if (event.type === "tool_call") this.tools.push(`call ${event.id} ${event.name}`);
    else if (event.type === "tool_result") this.tools.push(`result ${event.id}`);
    else if (event.type === "notice" && event.message.startsWith("parts of the streamed answer")) this.replaced = true;
    else if (event.type === "notice" && event.message.startsWith("the end of the answer")) this.cutShort = true;
    else if (event.type === "approval_wait") {
      this.askedAt = this.#ambient.now();
      this.asked.push(event.approvals.map(({ tool }) => tool).join());
    } else if (event.type === "status") {
      this.runId = event.run?.runId ?? this.runId;
      this.conversation = event.run?.conversationId ?? this.conversation;
      if (event.run) this.runIds.add(event.run.runId);
      if (event.detail) this.details.push(event.detail);
      if (this.phases.has(event.phase)) return;
      this.phases.set(event.phase, this.#ambient.now());
      this.#onPhase(event.phase);
    }
  }

  async #consume(): Promise<void> {
    const { everyMs, pause, stallAfter, breakAfter } = this.#consumer;
    if (everyMs !== undefined) await sleep(this.#ambient, everyMs);
    if (pause?.after === this.events - 1) await sleep(this.#ambient, pause.ms);
    if (breakAfter === this.events - 1) {
      this.broke = true;
      throw new Error("EPIPE");
    }
    if (stallAfter === this.events - 1) {
      this.stalled = true;
      await new Promise<never>(() => undefined);
    }
  }
}

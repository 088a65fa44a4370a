/**
 * Drives an agent as editors do: sessions, one turn at a time in each, cancelled in both ways; questions are answered in every
 * way, and some not at all.
 */
import type { Json, Message } from "../../support/child-process/line-check.ts";
import { excerpt } from "../../support/in-process/excerpt.ts";
import { deriveSeed, SeededRandom } from "../../support/in-process/seeded-random.ts";
import type { Environment } from "../environment.ts";
import type { GroundTruth } from "../ground-truth.ts";
import { isDamaged } from "../oracle.ts";
import type { HostDriver } from "./host-driver.ts";
import type { HostPlan } from "./host-plan.ts";
import type { HostRecorder, HostRequest } from "./host-recorder.ts";

const AGAIN_MS = 1_000;
/** A cancelled turn is answered within 1.5 s, and its last updates are read before. */
const CANCELLED_WITHIN_MS = 2_000;
const UNRELIABLE = "parts of the streamed answer were lost";

interface Turn {
  tag: string;
  sessionId: string;
  request: HostRequest;
  said: string;
  thoughts: string;
  cancelledAt?: number;
  /** `end_turn` and the others; undefined for an error. */
  stopReason?: unknown;
  isOver: boolean;
}

export class AcpDriver implements HostDriver {
  readonly #environment: Environment;
  readonly #plan: HostPlan;
  readonly #recorder: HostRecorder;
  readonly #random: SeededRandom;
  readonly #turns: Turn[] = [];

  constructor(environment: Environment, plan: HostPlan, recorder: HostRecorder) {
    this.#environment = environment;
    this.#plan = plan;
    this.#recorder = recorder;
    this.#random = new SeededRandom(deriveSeed(plan.seed, 22));
  }

  begin(): void {
    this.#recorder.send("initialize", { protocolVersion: 1 });
    this.#plan.runs.forEach(({ atMs }, index) => void this.#after(1 + atMs, () => this.#prompt(index)));
  }

  get done(): boolean {
    const isAnswered = this.#recorder.requests.every(({ replies }) => replies > 0);
    return isAnswered && this.#turns.length === this.#plan.runs.length;
  }

  shutDown(): void {
    this.#recorder.leave();
  }

  heard(method: string, { sessionId, update }: Json): void {
    if (method !== "session/update") return; // a question was withdrawn
    const turn = this.#open(sessionId);
    if (!turn) return void this.#recorder.problems.push("I1: an update of no turn, or after the answer of its turn");
    const { sessionUpdate, content } = update as { sessionUpdate: string; content?: { text?: string } };
    if (sessionUpdate === "agent_message_chunk") turn.said += content?.text ?? "";
    if (sessionUpdate === "agent_thought_chunk") turn.thoughts += content?.text ?? "";
  }

  asked({ id, params }: Extract<Message, { kind: "request" }>): void {
    const turn = this.#open(params.sessionId);
    if (!turn) this.#recorder.problems.push("I1: a question of no turn, or after the answer of its turn");
    const optionId = this.#random.pick(["allow", "reject", "always", undefined, undefined]);
    const isSilent = this.#random.chance(0.2);
    const outcome = optionId === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId };
    if (!isSilent && (optionId === "allow" || optionId === "reject")) this.#recorder.clearAnswers += 1;
    if (!isSilent) this.#after(this.#random.magnitude(1, 20_000), () => this.#recorder.answer(id, { outcome }));
  }

  answered(message: Extract<Message, { kind: "result" | "error" }>, request: HostRequest): void {
    const turn = this.#turns.find((one) => one.request === request);
    if (!turn) return;
    turn.isOver = true;
    if (message.kind === "result") turn.stopReason = message.result.stopReason;
    const { cancelledAt } = turn;
    if (cancelledAt === undefined) return;
    const now = this.#environment.clock.now();
    const readsAtOnce = Object.keys(this.#plan.host.reads).length === 0;
    if (readsAtOnce && now - cancelledAt > CANCELLED_WITHIN_MS)
      this.#recorder.problems.push(`I6: a cancelled turn was answered after ${now - cancelledAt} ms`);
    // A host that reads late may cancel what was answered long ago.
    if (readsAtOnce && message.kind === "error" && !/shutting down/.test(message.error.message))
      this.#recorder.problems.push(
        `I6: ${now - cancelledAt} ms after its cancel a turn is the error ${message.error.message}`,
      );
  }

  check({ runs }: GroundTruth): string[] {
    return this.#turns.flatMap(({ tag, stopReason, said, thoughts, cancelledAt }) => {
      const truth = runs.filter((run) => run.tag === tag && !run.refused)[0];
      if (stopReason !== "end_turn") return [];
      if (!truth) return [`I6: a turn ended without a run (${tag})`];
      if (truth.status !== "completed") return [`I6: a turn ended, but the record says ${truth.status} (${tag})`];
      const whole = truth.text.toWellFormed();
      const isSpoilt = isDamaged(this.#plan) && thoughts.includes(UNRELIABLE);
      if (said !== whole && !isSpoilt && cancelledAt === undefined)
        return [`I3: streamed ${excerpt(said)} is not ${excerpt(whole)} (${tag})`];
      return [];
    });
  }

  /** One turn at a time in a session: an editor waits with the next. */
  #prompt(index: number): void {
    const run = this.#plan.runs[index];
    if (!run) return;
    const sessionId = `00000000-0000-4000-8000-00000000000${run.conversation?.at(-1) ?? index + 3}`;
    if (this.#open(sessionId)) {
      this.#after(AGAIN_MS, () => this.#prompt(index));
      return;
    }
    const tag = `run${index}`;
    const text = `[${tag}]\n@script ${JSON.stringify(run.script)}`;
    this.#recorder.send("session/resume", { sessionId, cwd: "/", mcpServers: [] });
    const request = this.#recorder.send("session/prompt", { sessionId, prompt: [{ type: "text", text }] });
    const turn: Turn = { tag, sessionId, request, said: "", thoughts: "", isOver: false };
    this.#turns.push(turn);
    for (const { ms } of run.stops) this.#after(ms, () => this.#cancel(turn));
  }

  #cancel(turn: Turn): void {
    if (turn.isOver) return;
    turn.cancelledAt ??= this.#environment.clock.now();
    if (this.#random.chance(0.5)) this.#recorder.notify("session/cancel", { sessionId: turn.sessionId });
    else this.#recorder.notify("$/cancel_request", { requestId: turn.request.id });
  }

  #open(sessionId: unknown): Turn | undefined {
    return this.#turns.find((one) => one.sessionId === sessionId && !one.isOver);
  }

  #after(ms: number, act: () => void): void {
    this.#environment.clock.timer(ms, act);
  }
}

/**
 * Drives an MCP server as clients do: a start, then looks with the cursor until the end. Starts and looks are cancelled by the
 * client's timeout, runs by the tool; questions are answered in every way, in either era.
 */
import type { Json, Message } from "../../support/child-process/line-check.ts";
import { envelope } from "../../support/child-process/mcp-envelope.ts";
import { excerpt } from "../../support/in-process/excerpt.ts";
import { deriveSeed, SeededRandom } from "../../support/in-process/seeded-random.ts";
import type { Environment } from "../environment.ts";
import type { GroundTruth } from "../ground-truth.ts";
import { isEndOf } from "../oracle.ts";
import type { HostDriver } from "./host-driver.ts";
import type { HostPlan } from "./host-plan.ts";
import type { HostRecorder, HostRequest } from "./host-recorder.ts";

const FORMS = { elicitation: { form: {} } };
const GOES_ON = new Set(["starting", "queued", "running", "awaiting_approval"]);
/** A failed look is repeated, as a model would. */
const AGAIN_MS = 2_000;

/** A run as its client knows it. */
interface Started {
  tag: string;
  stops: readonly { ms: number }[];
  start: HostRequest;
  runId?: string;
  cursor: number;
  /** By cursor, whole as long as no answer with a part of it was given up. */
  text: string;
  last?: Json;
  isOver: boolean;
}

export class McpDriver implements HostDriver {
  readonly #environment: Environment;
  readonly #plan: HostPlan;
  readonly #recorder: HostRecorder;
  readonly #random: SeededRandom;
  readonly #shakesHands: boolean;
  readonly #started: Started[] = [];
  readonly #runOf = new Map<HostRequest, Started>();

  constructor(environment: Environment, plan: HostPlan, recorder: HostRecorder) {
    this.#environment = environment;
    this.#plan = plan;
    this.#recorder = recorder;
    this.#random = new SeededRandom(deriveSeed(plan.seed, 21));
    this.#shakesHands = this.#random.chance(0.6);
  }

  begin(): void {
    if (this.#shakesHands) {
      const capabilities = this.#random.chance(0.8) ? FORMS : {};
      this.#recorder.send("initialize", { protocolVersion: "2025-11-25", capabilities });
      this.#recorder.notify("notifications/initialized", {});
    } else this.#recorder.send("server/discover", { _meta: envelope() });
    this.#plan.runs.forEach(({ atMs }, index) => void this.#after(1 + atMs, () => this.#start(index)));
  }

  get done(): boolean {
    const isAnswered = this.#recorder.requests.every(({ replies, isCancelled }) => replies > 0 || isCancelled);
    return isAnswered && this.#started.length === this.#plan.runs.length && this.#started.every(({ isOver }) => isOver);
  }

  shutDown(): void {
    this.#recorder.leave();
  }

  heard(): void {
    // Progress, which nothing depends on.
  }

  asked({ id }: Extract<Message, { kind: "request" }>): void {
    if (!this.#shakesHands) this.#recorder.problems.push("I11: a request to a client whose calls stand for themselves");
    const response = this.#response();
    if (response) this.#after(this.#random.magnitude(1, 20_000), () => this.#recorder.answer(id, response));
  }

  answered(message: Extract<Message, { kind: "result" | "error" }>, request: HostRequest): void {
    const run = this.#runOf.get(request);
    if (!run || run.isOver || request.isCancelled) return;
    if (message.kind === "error") {
      run.isOver = true;
      if (!/shutting down/.test(message.error.message))
        this.#recorder.problems.push(`I11: a call was refused: ${message.error.message}`);
      return;
    }
    const { structuredContent: state, resultType, inputRequests, requestState, isError } = message.result;
    if (resultType === "input_required") {
      const [key = ""] = Object.keys(inputRequests as Json);
      const response = this.#response();
      this.#call(run, request.params, { requestState, inputResponses: response ? { [key]: response } : {} });
    } else if (!isError) this.#told(run, request, state as Json);
    else if (run.runId === undefined) run.isOver = true;
    else this.#after(AGAIN_MS, () => this.#look(run));
  }

  check({ runs }: GroundTruth): string[] {
    return this.#started.flatMap((run) => {
      const { tag, last, text } = run;
      const truth = runs.find(({ id }) => id === run.runId);
      if (!last || !truth) return [];
      const problems: string[] = [];
      if (!isEndOf(truth.status, last.status, last.error))
        problems.push(`I6: told ${last.status}, but the record says ${truth.status} (${tag})`);
      const whole = truth.text.toWellFormed();
      if (!last.truncated && last.answer !== whole)
        problems.push(`I3: the answer ${excerpt(last.answer)} is not ${excerpt(whole)} (${tag})`);
      if (!whole.startsWith(text)) problems.push(`I3: by cursor ${excerpt(text)} of ${excerpt(whole)} (${tag})`);
      return problems;
    });
  }

  #start(index: number): void {
    const { script, timeoutMs, target, stops = [] } = this.#plan.runs[index] ?? {};
    if (!script) return;
    const tag = `run${index}`;
    const args = {
      prompt: `[${tag}]\n@script ${JSON.stringify(script)}`,
      timeout_seconds: Math.max(1, Math.round((timeoutMs ?? 0) / 1000)),
      wait_seconds: this.#random.pick([0, 0, 1, 10, 45]),
      ...(target?.kind === "deployment" ? { deployment_id: this.#environment.deploymentId } : {}),
    };
    const start = this.#recorder.send("tools/call", this.#params("seren_dispatch", args));
    const run: Started = { tag, stops, start, cursor: 0, text: "", isOver: false };
    this.#started.push(run);
    this.#runOf.set(start, run);
    // The client's timeout: nobody has the id of the run, so it goes with its start.
    const [stop] = stops;
    if (stop && this.#random.chance(0.5))
      this.#after(stop.ms, () => this.#timeOut(run, start, () => (run.isOver = true)));
  }

  #told(run: Started, { params }: HostRequest, state: Json): void {
    const isFirst = run.runId === undefined;
    run.runId = String(state.run_id);
    if (isFirst) for (const { ms } of run.stops) this.#after(ms, () => this.#cancel(run));
    if (params.name === "seren_run_cancel") return;
    run.text += String(state.text);
    run.cursor = Number(state.cursor);
    if (GOES_ON.has(String(state.status))) this.#look(run);
    else {
      run.last = state;
      run.isOver = true;
    }
  }

  #look(run: Started): void {
    if (run.isOver) return;
    const wait_seconds = this.#random.pick([1, 20, 45]);
    const request = this.#call(
      run,
      this.#params("seren_run_status", { run_id: run.runId, cursor: run.cursor, wait_seconds }),
    );
    if (this.#random.chance(0.1)) {
      const again = () => void this.#after(AGAIN_MS, () => this.#look(run));
      this.#after(this.#random.magnitude(1, 5_000), () => this.#timeOut(run, request, again));
    }
  }

  #cancel(run: Started): void {
    if (!run.isOver) this.#call(run, this.#params("seren_run_cancel", { run_id: run.runId }));
  }

  #timeOut(run: Started, request: HostRequest, then: () => void): void {
    if (run.isOver || request.replies > 0) return;
    request.isCancelled = true;
    this.#recorder.notify("notifications/cancelled", { requestId: request.id, reason: "timeout" });
    then();
  }

  #params(name: string, args: object): Json {
    const stands = !this.#shakesHands || this.#random.chance(0.2);
    const capabilities = this.#random.chance(0.8) ? FORMS : {};
    return { name, arguments: args, ...(stands ? { _meta: envelope(capabilities) } : {}) };
  }

  #call(run: Started, params: Json, more: Json = {}): HostRequest {
    const request = this.#recorder.send("tools/call", { ...params, ...more });
    this.#runOf.set(request, run);
    return request;
  }

  #response(): object | undefined {
    const answer = this.#random.pick<{ action: string; content?: object } | undefined>([
      { action: "accept", content: { approve: true } },
      { action: "accept", content: { approve: false } },
      { action: "decline" },
      { action: "accept", content: {} },
      undefined,
    ]);
    if (answer && "approve" in (answer.content ?? {})) this.#recorder.clearAnswers += 1;
    return answer;
  }

  #after(ms: number, act: () => void): void {
    this.#environment.clock.timer(ms, act);
  }
}

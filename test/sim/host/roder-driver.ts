/** Roder, as far as an extension sees it. */

import type { Json } from "../../support/child-process/line-check.ts";
import { INITIALIZE } from "../../support/child-process/roder-initialize.ts";
import type { World } from "../environment.ts";
import type { HostPlan } from "./host-plan.ts";
import type { Book, Case } from "./host-recorder.ts";

export class RoderActor {
  readonly #world: World;
  readonly #plan: HostPlan;
  readonly #book: Book;

  constructor(world: World, plan: HostPlan, book: Book) {
    this.#world = world;
    this.#plan = plan;
    this.#book = book;
  }

  begin(): void {
    const { clock } = this.#world;
    this.#book.send("extension/initialize", INITIALIZE);
    this.#book.send("subagents/definitions", { dispatcherId: "seren-cloud" });
    this.#plan.runs.forEach((_, index) => {
      clock.timer(1 + (this.#plan.runs[index]?.atMs ?? 0), () => this.#ask(index));
    });
  }

  /** Whether nothing is open any more. */
  get done(): boolean {
    const { calls, cases } = this.#book;
    const waiting = [...cases.values()].some((one) => one.call.reply?.kind === "result" && one.endedAt === undefined);
    return calls.every(({ replies }) => replies > 0) && !waiting;
  }

  shutDown(): void {
    this.#book.send("extension/shutdown", {});
  }

  heard(method: string, params: Json): void {
    const id = String(params.dispatchId ?? params.executionId);
    const one = this.#book.cases.get(id);
    const event = params.event as Json;
    if (!one) return void this.#book.wrong.push(`I12: ${method} for ${id}, which nobody asked for`);
    if (one.call.replies === 0) this.#book.wrong.push(`I2: an event before the acknowledgement (${id})`);
    if (one.endedAt !== undefined) this.#book.wrong.push(`I1: ${String(event.type)} after the terminal event (${id})`);
    one.events.push(event);
    if (event.type === "completed" || event.type === "failed") one.endedAt = this.#world.clock.now();
    const phase = typeof event.status === "string" ? event.status : undefined;
    if (phase) this.#cancelAt(one, Number(id.slice(3)), phase);
  }

  #ask(index: number): void {
    const run = this.#plan.runs[index];
    if (!run) return;
    const tag = `run${index}`;
    const prompt = `[${tag}]\n@script ${JSON.stringify(run.script)}`;
    const seconds = Math.max(1, Math.round(run.timeoutMs / 1000));
    const asTask = run.onApproval === "return";
    const call = asTask
      ? this.#book.send("tasks/execute", {
          executorId: "seren-cloud-run",
          executionId: tag,
          taskId: "t",
          input: {
            prompt,
            timeout_seconds: seconds,
            ...(run.detach ? { wait: false } : {}),
            ...this.#whither(run.target.kind),
          },
        })
      : this.#book.send("subagents/dispatch", {
          dispatcherId: "seren-cloud",
          dispatchId: tag,
          request: { description: "d", prompt, timeout_seconds: seconds },
        });
    const one = this.#book.open(tag, call, asTask && run.detach === true);
    this.#cancelAt(one, index, undefined);
  }

  #whither(kind: string): object {
    return kind === "deployment" ? { deployment_id: this.#world.deploymentId } : {};
  }

  #cancelAt(one: Case, index: number, phase: string | undefined): void {
    for (const stop of this.#plan.runs[index]?.stops ?? []) {
      if (stop.phase !== phase) continue;
      this.#world.clock.timer(stop.ms, () => {
        one.cancelledAt ??= this.#world.clock.now();
        const asTask = one.call.method === "tasks/execute";
        const params = asTask
          ? { executorId: "seren-cloud-run", executionId: one.tag, reason: "cancelled by the plan" }
          : { dispatcherId: "seren-cloud", dispatchId: one.tag, reason: "cancelled by the plan" };
        one.cancels.push(this.#book.send(asTask ? "tasks/cancel" : "subagents/cancel", params));
      });
    }
  }
}

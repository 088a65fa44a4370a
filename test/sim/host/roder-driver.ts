/** Drives an extension as Roder does. */

import type { Json } from "../../support/child-process/line-check.ts";
import { INITIALIZE } from "../../support/child-process/roder-initialize.ts";
import type { Environment } from "../environment.ts";
import type { HostDriver } from "./host-driver.ts";
import type { HostPlan } from "./host-plan.ts";
import type { HostExchange, HostRecorder } from "./host-recorder.ts";

export class RoderDriver implements HostDriver {
  readonly #environment: Environment;
  readonly #plan: HostPlan;
  readonly #recorder: HostRecorder;

  constructor(environment: Environment, plan: HostPlan, recorder: HostRecorder) {
    this.#environment = environment;
    this.#plan = plan;
    this.#recorder = recorder;
  }

  begin(): void {
    const { clock } = this.#environment;
    this.#recorder.send("extension/initialize", INITIALIZE);
    this.#recorder.send("subagents/definitions", { dispatcherId: "seren-cloud" });
    this.#plan.runs.forEach((_, index) => {
      clock.timer(1 + (this.#plan.runs[index]?.atMs ?? 0), () => this.#ask(index));
    });
  }

  /** Whether every request was answered and every dispatch and task has ended. */
  get done(): boolean {
    const { requests, exchanges } = this.#recorder;
    const waiting = [...exchanges.values()].some(
      (one) => one.request.reply?.kind === "result" && one.endedAt === undefined,
    );
    return requests.every(({ replies }) => replies > 0) && !waiting;
  }

  shutDown(): void {
    this.#recorder.send("extension/shutdown", {});
  }

  heard(method: string, params: Json): void {
    const id = String(params.dispatchId ?? params.executionId);
    const one = this.#recorder.exchanges.get(id);
    const event = params.event as Json;
    if (!one) return void this.#recorder.problems.push(`I12: ${method} for ${id}, which nobody asked for`);
    if (one.request.replies === 0) this.#recorder.problems.push(`I2: an event before the acknowledgement (${id})`);
    if (one.endedAt !== undefined)
      this.#recorder.problems.push(`I1: ${String(event.type)} after the terminal event (${id})`);
    one.events.push(event);
    if (event.type === "completed" || event.type === "failed") one.endedAt = this.#environment.clock.now();
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
      ? this.#recorder.send("tasks/execute", {
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
      : this.#recorder.send("subagents/dispatch", {
          dispatcherId: "seren-cloud",
          dispatchId: tag,
          request: { description: "d", prompt, timeout_seconds: seconds },
        });
    const one = this.#recorder.open(tag, call, asTask && run.detach === true);
    this.#cancelAt(one, index, undefined);
  }

  #whither(kind: string): object {
    return kind === "deployment" ? { deployment_id: this.#environment.deploymentId } : {};
  }

  #cancelAt(one: HostExchange, index: number, phase: string | undefined): void {
    for (const stop of this.#plan.runs[index]?.stops ?? []) {
      if (stop.phase !== phase) continue;
      this.#environment.clock.timer(stop.ms, () => {
        one.cancelledAt ??= this.#environment.clock.now();
        const asTask = one.request.method === "tasks/execute";
        const params = asTask
          ? { executorId: "seren-cloud-run", executionId: one.tag, reason: "cancelled by the plan" }
          : { dispatcherId: "seren-cloud", dispatchId: one.tag, reason: "cancelled by the plan" };
        one.cancels.push(this.#recorder.send(asTask ? "tasks/cancel" : "subagents/cancel", params));
      });
    }
  }
}

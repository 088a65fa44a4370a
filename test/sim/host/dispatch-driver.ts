/** Drives a courier as Dispatch does: one request at a time, the turns of one session in sequence. */
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import type { Json, Message } from "../../support/child-process/line-check.ts";
import type { Environment } from "../environment.ts";
import type { HostDriver } from "./host-driver.ts";
import type { HostPlan } from "./host-plan.ts";
import type { HostRecorder } from "./host-recorder.ts";

const PARCEL = "/the/parcel";

export class DispatchDriver implements HostDriver {
  readonly #environment: Environment;
  readonly #plan: HostPlan;
  readonly #recorder: HostRecorder;
  #session: unknown;
  #turn = -1;
  #events: Json[] = [];
  #leaving = false;

  constructor(environment: Environment, plan: HostPlan, recorder: HostRecorder) {
    this.#environment = environment;
    this.#plan = plan;
    this.#recorder = recorder;
  }

  begin(): void {
    this.#send("capabilities", {});
  }

  get done(): boolean {
    return this.#turn >= this.#plan.runs.length && this.#recorder.requests.every(({ replies }) => replies > 0);
  }

  shutDown(): void {
    this.#leaving = true;
    this.#send("shutdown", {});
  }

  heard(_: string, params: Json): void {
    this.#events.push(params);
    if (this.#recorder.requests.every(({ replies }) => replies > 0))
      this.#recorder.problems.push("I1: an event after the reply");
  }

  /** Sends the next request once the previous one was answered. */
  answered(message: Message): void {
    const one = this.#recorder.exchanges.get(`run${this.#turn}`);
    if (one && one.endedAt === undefined && one.request.replies > 0) {
      one.endedAt = this.#environment.clock.now();
      one.events.push(...this.#events);
      this.#events = [];
    }
    if (this.#leaving) return;
    if (message.kind === "result" && "session" in message.result) this.#session = message.result.session;
    if (this.#session === undefined && this.#turn < 0) {
      if (this.#recorder.requests.length > 3) return; // it never opens
      this.#send("open_session", { parcel_dir: PARCEL });
      return;
    }
    this.#turn += 1;
    const run = this.#plan.runs[this.#turn];
    if (!run) return;
    const tag = `run${this.#turn}`;
    const input = `[${tag}]\n@script ${JSON.stringify(run.script)}`;
    const params = { parcel_dir: PARCEL, session: this.#session, operation: { kind: "chat", input } };
    this.#environment.clock.timer(1 + run.atMs, () => {
      if (!this.#leaving) this.#recorder.open(tag, this.#send("run", params), false);
    });
  }

  #send(kind: string, params: object) {
    return this.#recorder.send(`courier.${kind}`, { kind, ...params, protocol_version: COURIER_PROTOCOL_VERSION });
  }
}

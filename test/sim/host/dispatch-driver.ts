/** Dispatch, as far as a courier sees it: one request at a time, turn after turn of one session. */
import type { Json, Message } from "../../support/child-process/line-check.ts";
import type { World } from "../environment.ts";
import type { HostPlan } from "./host-plan.ts";
import type { Book } from "./host-recorder.ts";

const PARCEL = "/the/parcel";

export class DispatchActor {
  readonly #world: World;
  readonly #plan: HostPlan;
  readonly #book: Book;
  #session: unknown;
  #turn = -1;
  #events: Json[] = [];
  #leaving = false;

  constructor(world: World, plan: HostPlan, book: Book) {
    this.#world = world;
    this.#plan = plan;
    this.#book = book;
  }

  begin(): void {
    this.#send("capabilities", {});
  }

  get done(): boolean {
    return this.#turn >= this.#plan.runs.length && this.#book.calls.every(({ replies }) => replies > 0);
  }

  shutDown(): void {
    this.#leaving = true;
    this.#send("shutdown", {});
  }

  heard(_: string, params: Json): void {
    this.#events.push(params);
    if (this.#book.calls.every(({ replies }) => replies > 0)) this.#book.wrong.push("I1: an event after the reply");
  }

  /** The next request goes out when the reply to the one before has come. */
  answered(message: Message): void {
    const one = this.#book.cases.get(`run${this.#turn}`);
    if (one && one.endedAt === undefined && one.call.replies > 0) {
      one.endedAt = this.#world.clock.now();
      one.events.push(...this.#events);
      this.#events = [];
    }
    if (this.#leaving) return;
    if (message.kind === "result" && "session" in message.result) this.#session = message.result.session;
    if (this.#session === undefined && this.#turn < 0) {
      if (this.#book.calls.length > 3) return; // it never opens
      this.#send("open_session", { parcel_dir: PARCEL });
      return;
    }
    this.#turn += 1;
    const run = this.#plan.runs[this.#turn];
    if (!run) return;
    const tag = `run${this.#turn}`;
    const input = `[${tag}]\n@script ${JSON.stringify(run.script)}`;
    const params = { parcel_dir: PARCEL, session: this.#session, operation: { kind: "chat", input } };
    this.#world.clock.timer(1 + run.atMs, () => {
      if (!this.#leaving) this.#book.open(tag, this.#send("run", params), false);
    });
  }

  #send(kind: string, params: object) {
    return this.#book.send(`courier.${kind}`, { kind, ...params, protocol_version: 1 });
  }
}

/** One run on a scripted service, and a follower of it. */
import type { FollowEnd, FollowItem } from "../../../../src/seren/follow/follow-items.ts";
import { RunFollower } from "../../../../src/seren/follow/run-follower.ts";
import type { ExecutionFailure } from "../../../../src/support/failure.ts";
import {
  data,
  type Reply,
  type Sent,
  type Step,
  type StreamReply,
} from "../../../support/in-process/fake-transport.ts";
import { clientHarness } from "../client/harness.ts";
import { RUN, record, state } from "./rows.ts";

export interface Followed {
  /** Events handed on. */
  events: unknown[];
  /** Kinds of all items, in order; a state is shown by its status. */
  trail: string[];
  end?: FollowEnd;
}

type Opening = StreamReply | ExecutionFailure | Promise<StreamReply>;

/** A frame of the stream. */
export const frame = (sequence: number, row: unknown) =>
  `id: ${sequence}\nevent: run.event\ndata: ${JSON.stringify(row)}\n\n`;
export const control = (name: string, value: unknown = {}) => `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
export const END = control("end");
export const stream = (...steps: Step[]): StreamReply => ({ steps });

export class RunService {
  readonly harness = clientHarness();
  /** The log as `/events` shows it. */
  log: unknown[] = [];
  /** What `/state` says; a `Reply` is sent as it is. */
  state: (request: Sent) => object | Reply = () => state();
  record: () => object = () => record();
  pageSize = 500;
  readonly controller = new AbortController();
  readonly follower = new RunFollower(this.harness.client, RUN, this.controller.signal);
  readonly #openings: ((request: Sent) => Opening)[] = [];

  constructor() {
    this.harness.transport
      .onStream("GET /runs/*/stream", (request) => {
        const opening = this.#openings.length > 1 ? this.#openings.shift() : this.#openings[0];
        return opening?.(request) ?? { status: 404 };
      })
      .on("GET /runs/*/state", (request) => {
        const shown = this.state(request);
        return "run_id" in shown ? data(shown) : shown;
      })
      .on("GET /runs/*/events", ({ query }) => {
        const offset = Number(query.get("offset"));
        const rows = this.log.slice(offset, offset + this.pageSize);
        return data(rows, { hasMore: offset + rows.length < this.log.length });
      })
      .on("GET /runs/*", () => data(this.record()));
  }

  /** The next connections, one each; the last one is repeated. */
  opens(...openings: (((request: Sent) => Opening) | Opening)[]): this {
    this.#openings.push(...openings.map((one) => (typeof one === "function" ? one : () => one)));
    return this;
  }

  /** `Last-Event-ID` of each connection so far. */
  get cursors(): (string | undefined)[] {
    return this.openings.map(({ headers }) => headers["last-event-id"]);
  }

  get openings(): Sent[] {
    return this.harness.transport.to("GET /runs/*/stream");
  }

  /** Offsets at which the log was read. */
  get reads(): number[] {
    return this.harness.transport.to("GET /runs/*/events").map(({ query }) => Number(query.get("offset")));
  }

  /** Follows to the end. `seen` grows while it goes on. */
  async follow(seen: Followed = { events: [], trail: [] }): Promise<Followed> {
    return this.harness.ambient.runUntil(this.start(seen));
  }

  async start(seen: Followed, onItem?: (item: FollowItem) => Promise<void> | void): Promise<Followed> {
    const items = this.follower.follow();
    for (;;) {
      const step = await items.next();
      if (step.done) return Object.assign(seen, { end: step.value });
      const item = step.value;
      if (item.kind === "events") seen.events.push(...item.events);
      seen.trail.push(...shortly(item));
      await onItem?.(item);
    }
  }

  /** What is still open or ticking; nothing may be once a follower has ended. */
  get left() {
    const { ambient, transport } = this.harness;
    return { timers: ambient.waiting, streams: transport.openStreams };
  }
}

/** One word for each item. */
function shortly(item: FollowItem): string[] {
  if (item.kind === "events") return item.events.map(() => "event");
  return [item.kind === "state" ? item.state.status : item.kind];
}

export const NOTHING = { timers: 0, streams: 0 };

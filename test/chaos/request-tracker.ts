/** Tracks the requests of a Roder host, and reports replies and events in the wrong order. */
import type { Message } from "../support/child-process/line-check.ts";

// biome-ignore lint/suspicious/noExplicitAny: checked against the protocol's schemas before it comes here
export type Event = any;

/** A dispatch, execution or tool call. */
export class TrackedRequest {
  readonly id: string;
  readonly events: Event[] = [];
  /** Replies so far, one for each time the request was sent. */
  readonly replies: ("result" | "error")[] = [];
  /** The last reply. */
  reply: Message | undefined;
  terminal: Event | undefined;
  readonly problems: string[] = [];
  /** Resolves at the terminal event, or when there will be none. */
  readonly settled: Promise<void>;
  #settle: () => void = () => undefined;

  constructor(id: string) {
    this.id = id;
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  answered(message: Message): void {
    this.replies.push(message.kind === "error" ? "error" : "result");
    this.reply = message;
    if (message.kind === "error" && this.events.length === 0) this.#settle();
  }

  heard(event: Event): void {
    if (this.replies.length === 0) this.problems.push(`I2: ${event.type} came before the acknowledgement`);
    if (this.terminal) this.problems.push(`I1: ${event.type} came after ${this.terminal.type}`);
    this.events.push(event);
    if (event.type === "completed" || event.type === "failed") {
      this.terminal ??= event;
      this.#settle();
    }
  }

  /** Resolves `settled`: the program has exited. */
  close(): void {
    this.#settle();
  }

  /** Returns the text of one stream of a task. */
  stream(name: string): string {
    return this.events.map((event) => (event.type === "output" && event.stream === name ? event.chunk : "")).join("");
  }
}

export class RequestTracker {
  readonly problems: string[] = [];
  readonly #entries = new Map<string, TrackedRequest>();
  readonly #waiting = new Map<number, (message: Message) => void>();
  #lastId = 0;

  open(id: string): TrackedRequest {
    const entry = new TrackedRequest(id);
    this.#entries.set(id, entry);
    return entry;
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }

  /** Returns a request to send. `onReply` is called once, with its reply. */
  request(method: string, params: object, onReply: (message: Message) => void): object {
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, onReply);
    return { jsonrpc: "2.0", id: this.#lastId, method, params };
  }

  get unanswered(): number {
    return this.#waiting.size;
  }

  readonly take = (message: Message): void => {
    if (message.kind === "notification") {
      const { dispatchId, executionId, event } = message.params as Event;
      const entry = this.#entries.get(dispatchId ?? executionId);
      if (entry) entry.heard(event);
      else this.problems.push(`I9: an event for ${dispatchId ?? executionId}, which nobody asked for`);
      return;
    }
    if (message.id === null) return; // an invalid line was refused
    const settle = typeof message.id === "number" ? this.#waiting.get(message.id) : undefined;
    if (!settle) {
      this.problems.push(`I1: a reply to ${message.id}, which is answered or was never asked`);
      return;
    }
    this.#waiting.delete(Number(message.id));
    settle(message);
  };

  close(): void {
    for (const entry of this.#entries.values()) entry.close();
  }
}

/** Records the requests of a host and what it received, and checks every line as strictly as the host does. */
import { checkLine, type Json, type Message } from "../../support/child-process/line-check.ts";
import type { HostInput } from "./pipes.ts";

export interface HostRequest {
  id: number;
  method: string;
  sentAt: number;
  /** Time when the host read the reply. */
  repliedAt?: number;
  reply?: Message;
  replies: number;
}

/** A dispatch, task or turn with its events. */
export interface HostExchange {
  tag: string;
  request: HostRequest;
  events: Json[];
  /** Time when the host read the terminal event. */
  endedAt?: number;
  cancelledAt?: number;
  cancels: HostRequest[];
  detached: boolean;
}

export class HostRecorder {
  readonly requests: HostRequest[] = [];
  readonly exchanges = new Map<string, HostExchange>();
  readonly problems: string[] = [];
  readonly #mode: "courier" | "roder";
  readonly #input: HostInput;
  readonly #now: () => number;
  #lastId = 0;

  constructor(mode: "courier" | "roder", input: HostInput, now: () => number) {
    this.#mode = mode;
    this.#input = input;
    this.#now = now;
  }

  send(method: string, params: object): HostRequest {
    // Dispatch gives every request the same id; Roder counts.
    this.#lastId = this.#mode === "courier" ? 1 : this.#lastId + 1;
    const request: HostRequest = { id: this.#lastId, method, sentAt: this.#now(), replies: 0 };
    if (!this.#input.ended) this.requests.push(request);
    this.#input.line({ jsonrpc: "2.0", id: request.id, method, params });
    return request;
  }

  open(tag: string, request: HostRequest, detached: boolean): HostExchange {
    const one: HostExchange = { tag, request, events: [], cancels: [], detached };
    this.exchanges.set(tag, one);
    return one;
  }

  /** Returns the message on a line, or undefined when the host ignores it. A reply is stored with its request. */
  read(line: Buffer): Message | undefined {
    let message: Message;
    try {
      message = checkLine(line, this.#mode);
    } catch (error) {
      this.problems.push(
        `I9: ${error instanceof Error ? error.message : error} in ${line.toString("utf8").slice(0, 200)}`,
      );
      return undefined;
    }
    if (message.kind === "notification") return message;
    const { id } = message;
    const request = this.#requestOf(message, id);
    if (!request) {
      // An invalid line is answered under its id, or under null when it has none.
      if (message.kind === "result") this.problems.push(`I1: a result nobody asked for (${id})`);
      return undefined;
    }
    request.replies += 1;
    request.reply = message;
    request.repliedAt = this.#now();
    if (request.replies > 1) this.problems.push(`I1: ${request.method} was answered ${request.replies} times`);
    return message;
  }

  #requestOf(message: Message, id: unknown): HostRequest | undefined {
    if (this.#mode === "roder") return this.requests.find((one) => one.id === id);
    const open = this.requests.filter((one) => one.id === id && one.replies === 0);
    // The reply to a shutdown may overtake the reply to the turn that it ends; both have the same id.
    const isEnd = message.kind === "result" && message.result.kind === "ok";
    return isEnd ? open.at(-1) : open[0];
  }
}

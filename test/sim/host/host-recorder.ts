/** Records the requests of a host and what it received, and checks every line as strictly as the host does. */
import { checkLine, type Json, type Message, type Mode } from "../../support/child-process/line-check.ts";
import type { HostInput } from "./pipes.ts";

export interface HostRequest {
  id: number;
  method: string;
  params: Json;
  sentAt: number;
  /** Time when the host read the reply. */
  repliedAt?: number;
  reply?: Message;
  replies: number;
  /** The host has cancelled it, so it may stay without a reply. */
  isCancelled?: boolean;
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
  /** Answers of the host to questions of the program that are a yes or a no. */
  clearAnswers = 0;
  readonly #mode: Mode;
  readonly #input: HostInput;
  readonly #now: () => number;
  #lastId = 0;

  constructor(mode: Mode, input: HostInput, now: () => number) {
    this.#mode = mode;
    this.#input = input;
    this.#now = now;
  }

  send(method: string, params: Json): HostRequest {
    // Dispatch gives every request the same id; Roder counts.
    this.#lastId = this.#mode === "courier" ? 1 : this.#lastId + 1;
    const request: HostRequest = { id: this.#lastId, method, params, sentAt: this.#now(), replies: 0 };
    if (!this.#input.ended) this.requests.push(request);
    this.#input.line({ jsonrpc: "2.0", id: request.id, method, params });
    return request;
  }

  notify(method: string, params: object): void {
    this.#input.line({ jsonrpc: "2.0", method, params });
  }

  /** Answers a question of the program. */
  answer(id: unknown, result: object): void {
    this.#input.line({ jsonrpc: "2.0", id, result });
  }

  /** Closes the pipe to the program. */
  leave(): void {
    this.#input.end();
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
    if (message.kind === "notification" || message.kind === "request") return message;
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

  /** Returns the request that a reply belongs to, once that was read. */
  requestOf(message: Message): HostRequest | undefined {
    return this.requests.find(({ reply }) => reply === message);
  }

  #requestOf(message: Message, id: unknown): HostRequest | undefined {
    if (this.#mode !== "courier") return this.requests.find((one) => one.id === id);
    const open = this.requests.filter((one) => one.id === id && one.replies === 0);
    // The reply to a shutdown may overtake the reply to the turn that it ends; both have the same id.
    const isEnd = message.kind === "result" && message.result.kind === "ok";
    return isEnd ? open.at(-1) : open[0];
  }
}

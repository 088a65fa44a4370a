/** What a host heard, line by line, each judged as strictly as the host would. */
import { checkLine, type Json, type Message } from "../../support/child-process/line-check.ts";
import type { HostInput } from "./pipes.ts";

export interface Call {
  id: number;
  method: string;
  sentAt: number;
  /** When the host read the reply, and what it was. */
  repliedAt?: number;
  reply?: Message;
  replies: number;
}

/** One dispatch, task or turn. */
export interface Case {
  tag: string;
  call: Call;
  events: Json[];
  /** Index of the terminal event, when there was one. */
  endedAt?: number;
  cancelledAt?: number;
  cancels: Call[];
  detached: boolean;
}

export class Book {
  readonly calls: Call[] = [];
  readonly cases = new Map<string, Case>();
  readonly wrong: string[] = [];
  readonly #mode: "courier" | "roder";
  readonly #input: HostInput;
  readonly #now: () => number;
  #lastId = 0;

  constructor(mode: "courier" | "roder", input: HostInput, now: () => number) {
    this.#mode = mode;
    this.#input = input;
    this.#now = now;
  }

  send(method: string, params: object): Call {
    // Dispatch gives every request the same id; Roder counts.
    this.#lastId = this.#mode === "courier" ? 1 : this.#lastId + 1;
    const call: Call = { id: this.#lastId, method, sentAt: this.#now(), replies: 0 };
    if (!this.#input.ended) this.calls.push(call);
    this.#input.line({ jsonrpc: "2.0", id: call.id, method, params });
    return call;
  }

  open(tag: string, call: Call, detached: boolean): Case {
    const one: Case = { tag, call, events: [], cancels: [], detached };
    this.cases.set(tag, one);
    return one;
  }

  /** The message on a line, when it is one the host waits for; a reply is entered with its call. */
  read(line: Buffer): Message | undefined {
    let message: Message;
    try {
      message = checkLine(line, this.#mode);
    } catch (error) {
      this.wrong.push(
        `I9: ${error instanceof Error ? error.message : error} in ${line.toString("utf8").slice(0, 200)}`,
      );
      return undefined;
    }
    if (message.kind === "notification") return message;
    const { id } = message;
    const call = this.#callOf(message, id);
    if (!call) {
      // Rubbish with an id is answered under that id, and without one under null.
      if (message.kind === "result") this.wrong.push(`I1: a result nobody asked for (${id})`);
      return undefined;
    }
    call.replies += 1;
    call.reply = message;
    call.repliedAt = this.#now();
    if (call.replies > 1) this.wrong.push(`I1: ${call.method} was answered ${call.replies} times`);
    return message;
  }

  #callOf(message: Message, id: unknown): Call | undefined {
    if (this.#mode === "roder") return this.calls.find((one) => one.id === id);
    const open = this.calls.filter((one) => one.id === id && one.replies === 0);
    // The answer to a shutdown may overtake that of the turn it ends; both have the same id.
    const isEnd = message.kind === "result" && message.result.kind === "ok";
    return isEnd ? open.at(-1) : open[0];
  }
}

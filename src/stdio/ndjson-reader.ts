/**
 * Reads lines from stdin as messages for vscode-jsonrpc. Only well-formed requests, and notifications that have a handler,
 * get past the reader. It answers or drops everything else itself, because the library does not.
 *
 * Reading never pauses for a slow host: a host whose write to us blocks leaves a torn line behind, and the end of the input
 * would go unnoticed. It pauses only while the program is behind: the library handles one message per turn of the event loop,
 * and one chunk may hold a thousand.
 */
import type { Readable } from "node:stream";
import { AbstractMessageReader, type DataCallback, type Disposable, type MessageReader } from "vscode-jsonrpc/node";
import { JSON_RPC_VERSION, type RpcId } from "#protocols/json-rpc";
import type { Log } from "../support/log.ts";
import { type HostResponse, type Incoming, judgeLine, type LineProblem } from "./incoming.ts";
import { type Line, LineSplitter, TOO_LONG } from "./line-splitter.ts";
import type { RequestLedger } from "./request-ledger.ts";

/** Longest line that is read, in bytes without its newline. The hosts set no limit; memory does. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** With so many messages queued in the library, reading pauses until half of them are handled. */
export const MAX_QUEUED_MESSAGES = 1024;

/** Notifications that the library handles before any handler of ours; some of its handlers trust the params. */
const RESERVED_BY_LIBRARY: ReadonlySet<string> = new Set(["$/cancelRequest", "$/progress", "$/logTrace"]);

export interface NdjsonReaderOptions {
  ledger: RequestLedger;
  /** Replies to a line that is not a request. */
  refuse(problem: LineProblem, id: RpcId | null, detail: string): void;
  /** Takes the host's response to a request of ours, after every message that came before it: one may be a cancel. */
  onResponse(response: HostResponse): void;
  /** Whether the notification of this name has a handler. Those without one are dropped. */
  isHandled(notification: string): boolean;
  /** Called once, when the host will send nothing more. */
  onEof(): void;
  log: Log;
  /** @default MAX_LINE_BYTES */
  maxLineBytes?: number;
}

export class NdjsonReader extends AbstractMessageReader implements MessageReader {
  readonly #input: Readable;
  readonly #options: NdjsonReaderOptions;
  readonly #maxLineBytes: number;
  readonly #lines: LineSplitter;
  #deliver: DataCallback = () => undefined;
  #queued = 0;
  /** Messages that the library has handled, and responses that wait until it has handled so many. */
  #handled = 0;
  readonly #responses: { after: number; response: HostResponse }[] = [];
  #paused = false;
  #ended = false;

  constructor(input: Readable, options: NdjsonReaderOptions) {
    super();
    this.#input = input;
    this.#options = options;
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
    this.#lines = new LineSplitter(this.#maxLineBytes);
  }

  listen(callback: DataCallback): Disposable {
    this.#deliver = (message) => {
      this.#queued += 1;
      callback(message);
    };
    this.#input.on("data", this.#onData);
    this.#input.on("end", this.#onEnd);
    this.#input.on("error", this.#onGone);
    this.#input.on("close", this.#onGone);
    if (this.#input.readableEnded || this.#input.destroyed) queueMicrotask(this.#onGone);
    return { dispose: () => this.dispose() };
  }

  /** The library has called the handler of one of the delivered messages. */
  handled(): void {
    this.#queued -= 1;
    this.#handled += 1;
    this.#passResponses();
    if (!this.#paused || this.#ended || this.#queued > MAX_QUEUED_MESSAGES / 2) return;
    this.#paused = false;
    this.#input.resume();
  }

  /** Stops reading. The `error` listener stays: a late error of the pipe must not become an uncaught exception. */
  override dispose(): void {
    this.#ended = true;
    this.#input.off("data", this.#onData);
    this.#input.off("end", this.#onEnd);
    this.#input.pause();
    super.dispose();
  }

  readonly #onData = (chunk: Buffer | string): void => {
    for (const line of this.#lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) this.#take(line);
    if (this.#queued < MAX_QUEUED_MESSAGES || this.#ended) return;
    this.#paused = true;
    this.#input.pause();
  };

  readonly #onEnd = (): void => {
    const last = this.#ended ? undefined : this.#lines.end();
    if (last !== undefined) this.#take(last);
    this.#onGone();
  };

  /** The end, also by an error or a destroyed stream; then the rest of an unfinished line is dropped. */
  readonly #onGone = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    // Never `fireClose`: the library would refuse the last events of runs whose requests are answered already.
    this.#options.onEof();
  };

  #take(line: Line): void {
    try {
      if (line === TOO_LONG) {
        this.#options.refuse("invalid_request", null, `the line is longer than ${this.#maxLineBytes} bytes`);
      } else this.#accept(judgeLine(line));
    } catch (error) {
      this.#options.log("error", "a line could not be handled", {
        error: error instanceof Error ? error.name : "thrown",
      });
    }
  }

  #passResponses(): void {
    for (let next = this.#responses[0]; next && next.after <= this.#handled; next = this.#responses[0]) {
      this.#responses.shift();
      this.#options.onResponse(next.response);
    }
  }

  #accept(incoming: Incoming): void {
    const { ledger, refuse, isHandled } = this.#options;
    if (incoming.kind === "refused") refuse(incoming.problem, incoming.id, incoming.detail);
    else if (incoming.kind === "response") {
      this.#responses.push({ after: this.#handled + this.#queued, response: incoming });
      this.#passResponses();
    } else if (incoming.kind === "request") {
      const { id, method, params } = incoming;
      const message = { jsonrpc: JSON_RPC_VERSION, id: ledger.open(id).internalId, method, params };
      this.#deliver(message);
    } else if (incoming.kind === "notification") {
      const { method, params } = incoming;
      if (RESERVED_BY_LIBRARY.has(method) || !isHandled(method)) return;
      const message = { jsonrpc: JSON_RPC_VERSION, method, params };
      this.#deliver(message);
    }
  }
}

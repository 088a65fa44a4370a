/**
 * Lines on stdin → requests for vscode-jsonrpc. Only well-formed requests and notifications get past it; everything else
 * is answered or dropped here, because the library answers none of it. It always keeps reading: a host whose write to us
 * blocks leaves a torn line behind.
 */
import type { Readable } from "node:stream";
import { AbstractMessageReader, type DataCallback, type Disposable, type MessageReader } from "vscode-jsonrpc/node";
import { JSON_RPC_VERSION, type RpcId } from "#protocols/json-rpc";
import type { Log } from "../support/log.ts";
import { type Incoming, judgeLine, type LineProblem } from "./incoming.ts";
import { type Line, LineSplitter, TOO_LONG } from "./line-splitter.ts";
import type { RequestLedger } from "./request-ledger.ts";

/** Longest line that is read, in bytes without its newline. The hosts set no limit; memory does. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** Names the library reserves for itself. Neither host uses them, and some of their handlers trust the params. */
const LIBRARY_PREFIX = "$/";

export interface NdjsonReaderOptions {
  ledger: RequestLedger;
  /** Answers a line that is no request. */
  refuse(problem: LineProblem, id: RpcId | null, detail: string): void;
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
  #ended = false;

  constructor(input: Readable, options: NdjsonReaderOptions) {
    super();
    this.#input = input;
    this.#options = options;
    this.#maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
    this.#lines = new LineSplitter(this.#maxLineBytes);
  }

  listen(callback: DataCallback): Disposable {
    this.#deliver = callback;
    this.#input.on("data", this.#onData);
    this.#input.on("end", this.#onEnd);
    this.#input.on("error", this.#onGone);
    this.#input.on("close", this.#onGone);
    if (this.#input.readableEnded || this.#input.destroyed) queueMicrotask(this.#onGone);
    return { dispose: () => this.dispose() };
  }

  /** Stops reading. The `error` listener stays: a late error of the pipe concerns nobody. */
  override dispose(): void {
    this.#ended = true;
    this.#input.off("data", this.#onData);
    this.#input.off("end", this.#onEnd);
    this.#input.pause();
    super.dispose();
  }

  readonly #onData = (chunk: Buffer | string): void => {
    for (const line of this.#lines.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk)) this.#take(line);
  };

  readonly #onEnd = (): void => {
    const last = this.#ended ? undefined : this.#lines.end();
    if (last !== undefined) this.#take(last);
    this.#onGone();
  };

  /** The end, also without a proper one; then what is left of a line is a torn message. */
  readonly #onGone = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    // Never `fireClose`: the library would refuse the last words of runs whose requests are answered already.
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

  #accept(incoming: Incoming): void {
    if (incoming.kind === "refused") {
      this.#options.refuse(incoming.problem, incoming.id, incoming.detail);
    } else if (incoming.kind === "request") {
      const { method, params } = incoming;
      const message = { jsonrpc: JSON_RPC_VERSION, id: this.#options.ledger.open(incoming.id).ticket, method, params };
      this.#deliver(message);
    } else if (incoming.kind === "notification" && !incoming.method.startsWith(LIBRARY_PREFIX)) {
      const { method, params } = incoming;
      const message = { jsonrpc: JSON_RPC_VERSION, method, params };
      this.#deliver(message);
    }
  }
}

/**
 * Writes messages as lines to the claimed stdout.
 *
 * One queue, strictly first in, first out. Letting replies overtake queued notifications was considered and rejected: a
 * Dispatch result must come after the events of its run, and where every producer awaits its own writes the queue holds
 * at most one message per run, while a slow host has hundreds of lines in its pipe already, which nothing can overtake.
 * Progress is merged before it gets here.
 *
 * Nothing awaits the writing of replies, so a host that sends requests and reads nothing would fill the memory with them.
 * The queue has two bounds. Above the first (`isCongested`) new requests are refused: a refusal is short, and running
 * requests are not affected. At the second the host counts as gone. Pausing the reader instead was considered and rejected:
 * a paused reader notices neither a cancellation nor the end of the input, and a host whose writes block leaves torn lines.
 */
import type { Writable } from "node:stream";
import { AbstractMessageWriter, Message, type MessageWriter, type ResponseMessage } from "vscode-jsonrpc/node";
import type { RpcId } from "#protocols/json-rpc";
import type { Log } from "../support/log.ts";
import type { Redactor } from "../support/redact.ts";
import { bareError, encodeLine, type Outgoing } from "./encode-line.ts";
import type { RequestLedger } from "./request-ledger.ts";
import type { WireError } from "./wire.ts";

/** With more lines than this waiting, errors without an id are dropped: no request of the host waits for one. */
const MAX_WAITING_REFUSALS = 256;

/** First bound of the queue, in lines and in bytes. No host has nearly as many requests open. */
export const MAX_WAITING_LINES = 4096;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Second bound: as many refusals again. */
export const MAX_UNREAD_LINES = 2 * MAX_WAITING_LINES;

export interface NdjsonWriterOptions {
  ledger: RequestLedger;
  redactor: Redactor;
  log: Log;
  /** The error that replaces an answer which cannot be sent; `problem` is a half sentence after "the answer …". */
  toUnsendable(problem: string): WireError;
}

interface Queued {
  bytes: Buffer;
  /** Called once, when the bytes have been given to the pipe, or never will be. */
  handed(sent: boolean): void;
  /** Called once, when the pipe is ready for more or is gone. */
  taken(): void;
}

export class NdjsonWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #output: Writable;
  readonly #options: NdjsonWriterOptions;
  readonly #queue: Queued[] = [];
  #stalled: Queued | undefined;
  #queuedBytes = 0;
  #unwritten = 0;
  #gone = false;
  readonly #flushing: (() => void)[] = [];

  constructor(output: Writable, options: NdjsonWriterOptions) {
    super();
    this.#output = output;
    this.#options = options;
    output.on("drain", this.#onDrain);
    output.on("error", this.#onGone);
    output.on("close", this.#onGone);
    if (output.destroyed || output.writableEnded) queueMicrotask(this.#onGone);
  }

  /** Whether so much waits for the host to read that it should not ask for more. */
  get isCongested(): boolean {
    return this.#queue.length >= MAX_WAITING_LINES || this.#queuedBytes >= MAX_WAITING_BYTES;
  }

  /** Resolves when the pipe has taken the message or is gone; never rejects, since the library would answer twice. */
  write(message: Message): Promise<void> {
    if (Message.isResponse(message)) return this.#reply(message);
    if (Message.isNotification(message)) {
      const { method, params } = message;
      const frame = encodeLine({ method, params }, this.#options.redactor);
      if (frame.ok) return this.#send(frame.bytes);
      this.#options.log("warn", "a notification was dropped", { method, problem: frame.problem });
    } else {
      // Requests have ids of our own; one that the library makes would have a number, like the host's.
      this.#options.log("error", "a request of the library was dropped");
    }
    return Promise.resolve();
  }

  /** Sends a request to the host. Returns why it cannot be sent, as a half sentence, or undefined. */
  request(id: string, method: string, params: object): string | undefined {
    const frame = encodeLine({ id, method, params }, this.#options.redactor);
    if (!frame.ok) return frame.problem;
    void this.#send(frame.bytes);
    return undefined;
  }

  /** Replies to a line that is not a valid request. */
  refuse(id: RpcId | null, error: WireError): void {
    if (id === null && this.#queue.length >= MAX_WAITING_REFUSALS) return;
    const frame = encodeLine({ id, error }, this.#options.redactor);
    void this.#send(frame.ok ? frame.bytes : bareError(id));
  }

  /** Resolves when the queue is empty and the operating system has taken every byte, or when the pipe is gone. */
  flushed(): Promise<void> {
    if (this.#gone || (this.#queue.length === 0 && this.#unwritten === 0)) return Promise.resolve();
    return new Promise((resolve) => void this.#flushing.push(resolve));
  }

  /** Called when the library's connection ends. stdout stays open. */
  end(): void {}

  /** Nothing is written from now on, and every wait ends. The `error` listener stays: a late EPIPE is no news. */
  override dispose(): void {
    this.#output.off("drain", this.#onDrain);
    this.#output.off("close", this.#onGone);
    this.#release();
    super.dispose();
  }

  #reply(message: ResponseMessage): Promise<void> {
    const { ledger, redactor, log, toUnsendable } = this.#options;
    const request = typeof message.id === "number" ? ledger.claim(message.id) : undefined;
    if (!request) {
      log("error", "a second reply to one request was dropped");
      return Promise.resolve();
    }
    if (request.withdrawn) {
      ledger.settle(request, false);
      return Promise.resolve();
    }
    const { id } = request;
    const answer: Outgoing = message.error ? { id, error: message.error } : { id, result: message.result };
    let frame = encodeLine(answer, redactor);
    const genuine = frame.ok && !message.error;
    if (!frame.ok) {
      log("warn", "an answer was replaced by an error", { problem: frame.problem });
      frame = encodeLine({ id, error: toUnsendable(frame.problem) }, redactor);
    }
    return this.#send(frame.ok ? frame.bytes : bareError(id), (sent) => ledger.settle(request, sent && genuine));
  }

  #send(bytes: Buffer, handed: (sent: boolean) => void = () => undefined): Promise<void> {
    if (this.#gone) {
      handed(false);
      return Promise.resolve();
    }
    if (this.#queue.length >= MAX_UNREAD_LINES) {
      this.#options.log("warn", "the host reads nothing", { waiting: this.#queue.length });
      this.#onGone();
      handed(false);
      return Promise.resolve();
    }
    return new Promise((taken) => {
      this.#queue.push({ bytes, handed, taken });
      this.#queuedBytes += bytes.length;
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#stalled && !this.#gone) {
      const item = this.#queue.shift();
      if (!item) break;
      this.#queuedBytes -= item.bytes.length;
      this.#unwritten += 1;
      const ready = this.#put(item.bytes);
      if (!ready) this.#stalled = item;
      item.handed(true);
      if (ready) item.taken();
    }
    this.#settleFlush();
  }

  #put(bytes: Buffer): boolean {
    try {
      return this.#output.write(bytes, this.#onWritten);
    } catch {
      queueMicrotask(this.#onGone);
      return false;
    }
  }

  readonly #onWritten = (): void => {
    this.#unwritten -= 1;
    this.#settleFlush();
  };

  readonly #onDrain = (): void => {
    this.#stalled?.taken();
    this.#stalled = undefined;
    this.#pump();
  };

  readonly #onGone = (): void => {
    if (this.#gone) return;
    this.#gone = true;
    this.fireClose();
    this.#release();
  };

  #release(): void {
    this.#gone = true;
    this.#stalled?.taken();
    this.#stalled = undefined;
    this.#queuedBytes = 0;
    for (const item of this.#queue.splice(0)) {
      item.handed(false);
      item.taken();
    }
    this.#settleFlush();
  }

  #settleFlush(): void {
    if (!this.#gone && (this.#queue.length > 0 || this.#unwritten > 0)) return;
    for (const resolve of this.#flushing.splice(0)) resolve();
  }
}

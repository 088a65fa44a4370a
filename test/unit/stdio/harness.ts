/** A wire without a process: in-memory streams, time by hand, and what the host would see. */
import { PassThrough, Writable } from "node:stream";
import { type ServeOptions, serve } from "../../../src/stdio/index.ts";
import type { Ambient } from "../../../src/support/ambient.ts";
import { type Log, silentLog } from "../../../src/support/log.ts";
import { createRedactor } from "../../../src/support/redact.ts";

/** Takes everything at once and lets a test wait for lines. */
export class Sink extends Writable {
  text = "";
  #count = 0;
  #waiting: { lines: number; resolve: () => void }[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const text = chunk.toString("utf8");
    this.text += text;
    this.#count += text.split("\n").length - 1;
    this.#waiting = this.#waiting.filter((waiter) => {
      if (this.#count < waiter.lines) return true;
      waiter.resolve();
      return false;
    });
    done();
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** The first `count` lines, as soon as they are there. */
  async first(count: number): Promise<string[]> {
    if (this.#count < count) {
      await new Promise<void>((resolve) => void this.#waiting.push({ lines: count, resolve }));
    }
    return this.lines.slice(0, count);
  }
}

/** A pipe whose reader takes one chunk when told to. */
export class SlowSink extends Writable {
  readonly taken: string[] = [];
  #held: { chunk: Buffer; done: (error?: Error) => void } | undefined;
  #arrived: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#held = { chunk, done };
    for (const resolve of this.#arrived.splice(0)) resolve();
  }

  /** Waits until a chunk is offered. */
  async offered(): Promise<void> {
    if (!this.#held) await new Promise<void>((resolve) => void this.#arrived.push(resolve));
  }

  take(): void {
    const held = this.#held;
    this.#held = undefined;
    if (!held) throw new Error("nothing is offered");
    this.taken.push(held.chunk.toString("utf8"));
    held.done();
  }

  /** The reader goes away, as a closed pipe shows it. */
  breakPipe(): void {
    const error = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    if (this.#held) this.#held.done(error);
    else this.destroy(error);
  }
}

/** Timers that fire when a test says so. */
export class HandAmbient implements Ambient {
  readonly timers = new Map<number, { ms: number; run: () => void }>();
  #next = 0;
  #set: (() => void)[] = [];
  now = () => 0;
  random = () => 0.5;
  uuid = () => "00000000-0000-4000-8000-000000000000";
  soon = (run: () => void) => void setImmediate(run);
  timer = (ms: number, run: () => void) => {
    const id = this.#next++;
    this.timers.set(id, { ms, run });
    for (const resolve of this.#set.splice(0)) resolve();
    return () => void this.timers.delete(id);
  };

  /** Fires the timer of `ms`, waiting for it to be set. */
  async fire(ms: number): Promise<void> {
    for (;;) {
      const found = [...this.timers].find(([, timer]) => timer.ms === ms);
      if (found) {
        this.timers.delete(found[0]);
        found[1].run();
        return;
      }
      await new Promise<void>((resolve) => void this.#set.push(resolve));
    }
  }
}

export interface LogLine {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

export function recordingLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log: Log = Object.assign(
    (level: string, message: string, fields: object = {}) => void lines.push({ level, message, fields: { ...fields } }),
    { with: () => log },
  );
  return { log, lines };
}

/** Codes as the courier has them; enough to see that the adapter was asked. */
const toWireError: ServeOptions["toWireError"] = (failure, detail) => {
  if (failure === "parse_error") return { code: -32700, message: detail };
  if (failure === "invalid_request") return { code: -32600, message: detail };
  if (failure === "unknown_method") return { code: -32601, message: `unknown method ${detail}` };
  return {
    code: -32000,
    message: failure.message,
    data: { dispatch_error: { code: failure.kind, message: failure.message } },
  };
};

export const END_BUDGET_MS = 1234;
export const FLUSH_BUDGET_MS = 500;

export function startWire(options: Partial<ServeOptions> & { output?: Writable } = {}) {
  const input = new PassThrough();
  const sink = new Sink();
  const shutdown = new AbortController();
  const ambient = new HandAmbient();
  const ends: string[] = [];
  const redactor = createRedactor();
  const served = serve({
    input,
    output: sink,
    methods: {},
    toWireError,
    onEnd: async (cause) => void ends.push(cause),
    endBudgetMs: END_BUDGET_MS,
    redactor,
    log: silentLog,
    ambient,
    shutdown: shutdown.signal,
    ...options,
  });
  const send = (...messages: object[]) => void input.write(messages.map((m) => `${JSON.stringify(m)}\n`).join(""));
  return { ...served, input, sink, shutDown: () => shutdown.abort(), ambient, ends, redactor, send };
}

/** A promise and its handles. */
export function deferred<T = void>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets everything that is ready run: promise callbacks and several rounds of `setImmediate`. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}

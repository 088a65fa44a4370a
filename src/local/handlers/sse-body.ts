/**
 * The run stream: replay after the cursor, `run.state`, `replay_complete`, live tail, `end`. Pulled by its one reader;
 * nothing is queued per subscriber, because the log itself is what a slow reader still has to read.
 */
import type { Ambient } from "../../support/ambient.ts";
import { ConnectionLost } from "../http/exchange.ts";
import type { Run } from "../model/run.ts";
import { liveStateOf } from "../model/run-views.ts";

export interface StreamFrame {
  name: string;
  id: string | undefined;
  /** JSON text on one line. */
  data: string;
}

/** What goes over the wire: text, or something that happens to the connection. */
export type Piece = string | { stallMs: number | undefined } | "lose" | "finish";

/** Rewrites frames on their way out (faults). */
export interface Rewriter {
  /** Whether `run.state` comes before the replay. */
  readonly stateFirst: boolean;
  rewrite(frame: StreamFrame): Piece[];
}

export function encodeStreamFrame(frame: StreamFrame): string {
  const id = frame.id === undefined ? "" : `id: ${frame.id}\n`;
  return `${id}event: ${frame.name}\ndata: ${frame.data}\n\n`;
}

/** The frames of one subscription, without waiting: `poll` answers `undefined` when there is nothing to send yet. */
export class FrameSource {
  readonly #run: Run;
  readonly #cursor: number;
  readonly #replayEnd: number;
  #index: number;
  #phase: "state_first" | "replay" | "state" | "marker" | "tail" | "done";
  #seen = -1;

  constructor(run: Run, cursor: number, stateFirst: boolean) {
    this.#run = run;
    this.#cursor = cursor;
    this.#index = run.log.indexAfter(cursor);
    this.#replayEnd = run.log.entries.length;
    this.#phase = stateFirst ? "state_first" : "replay";
  }

  get done(): boolean {
    return this.#phase === "done";
  }

  poll(): StreamFrame | undefined {
    const { log } = this.#run;
    switch (this.#phase) {
      case "state_first":
        this.#phase = "replay";
        return this.#state();
      case "replay":
        if (this.#index < this.#replayEnd) return this.#event();
        this.#phase = this.#seen < 0 ? "state" : "marker";
        return this.poll();
      case "state":
        this.#phase = "marker";
        return this.#state();
      case "marker":
        this.#phase = "tail";
        return this.#mark("replay_complete");
      case "tail":
        // A cursor ahead of the log is believed: what it covers is not sent when it happens either.
        while ((log.entries[this.#index]?.sequence ?? Number.POSITIVE_INFINITY) <= this.#cursor) this.#index += 1;
        if (this.#index < log.entries.length) return this.#event();
        if (this.#seen !== this.#run.changes) return this.#state();
        if (!this.#run.over) return undefined;
        this.#phase = "done";
        return this.#mark("end");
      default:
        return undefined;
    }
  }

  #event(): StreamFrame | undefined {
    const entry = this.#run.log.entries[this.#index];
    this.#index += 1;
    return entry && { name: "run.event", id: String(entry.sequence), data: JSON.stringify(entry.event) };
  }

  #state(): StreamFrame {
    this.#seen = this.#run.changes;
    return { name: "run.state", id: undefined, data: JSON.stringify(liveStateOf(this.#run)) };
  }

  #mark(name: "replay_complete" | "end"): StreamFrame {
    const mark = { last_sequence: this.#run.log.latest, status: this.#run.status };
    return { name, id: undefined, data: JSON.stringify(mark) };
  }
}

export interface SseOptions {
  ambient: Ambient;
  run: Run;
  /** Highest sequence the reader has. */
  cursor: number;
  /** Silence after which a comment is sent; 0 for never. */
  keepAliveMs: number;
  /** Sent first, so that the reader sees the answer begin. */
  preamble: string;
  rewriter: Rewriter | undefined;
  signal: AbortSignal | undefined;
  onOpen: () => void;
  onClose: () => void;
}

/**
 * The body of a stream answer. An iterator by hand rather than a generator: `return` must take effect while `next`
 * waits, and a generator queues it behind the wait. Single use.
 */
export class SseBody implements AsyncIterable<string>, AsyncIterator<string, undefined> {
  readonly #options: SseOptions;
  readonly #source: FrameSource;
  readonly #pieces: Piece[];
  #state: "new" | "open" | "closed" = "new";
  #wake: ((why: "closed" | "changed" | "time") => void) | undefined;
  readonly #close = () => this.#end();

  constructor(options: SseOptions) {
    this.#options = options;
    this.#source = new FrameSource(options.run, options.cursor, options.rewriter?.stateFirst ?? false);
    this.#pieces = [options.preamble];
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    if (this.#state === "new") this.#open();
    while (this.#state === "open") {
      const piece = this.#pieces.shift();
      if (typeof piece === "object") await this.#pause(piece.stallMs, false);
      else if (piece === "lose") {
        this.#end();
        throw new ConnectionLost();
      } else if (piece === "finish") this.#end();
      else if (piece !== undefined) return { done: false, value: piece };
      else if (!this.#fill()) {
        if (this.#source.done) this.#end();
        else {
          const why = await this.#pause(this.#options.keepAliveMs || undefined, true);
          if (why === "time") return { done: false, value: ": keep-alive\n\n" };
        }
      }
    }
    return { done: true, value: undefined };
  }

  /** Ends the subscription at once, even while `next` waits. */
  return(): Promise<IteratorResult<string, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #fill(): boolean {
    const frame = this.#source.poll();
    if (frame === undefined) return false;
    const { rewriter } = this.#options;
    if (rewriter === undefined) this.#pieces.push(encodeStreamFrame(frame));
    else this.#pieces.push(...rewriter.rewrite(frame));
    return true;
  }

  /** Waits for `ms` (or for ever), for a change of the run where `listening`, or for the end of the subscription. */
  #pause(ms: number | undefined, listening: boolean): Promise<"closed" | "changed" | "time"> {
    return new Promise((resolve) => {
      const stopTimer =
        ms === undefined ? undefined : this.#options.ambient.timer(ms, () => settle("time"), { unref: true });
      const stopListening = listening ? this.#options.run.log.onceChanged(() => settle("changed")) : undefined;
      const settle = (why: "closed" | "changed" | "time") => {
        stopTimer?.();
        stopListening?.();
        this.#wake = undefined;
        resolve(why);
      };
      this.#wake = settle;
    });
  }

  #open(): void {
    this.#state = "open";
    this.#options.onOpen();
    this.#options.signal?.addEventListener("abort", this.#close, { once: true });
    if (this.#options.signal?.aborted) this.#end();
  }

  #end(): void {
    if (this.#state === "open") this.#options.onClose();
    this.#state = "closed";
    this.#pieces.length = 0;
    this.#options.signal?.removeEventListener("abort", this.#close);
    this.#wake?.("closed");
  }
}

/** The body of a run stream: turns frames into text and waits between them. Pulled by its one reader. */
import type { Ambient } from "../../support/ambient.ts";
import { ConnectionLost } from "../http/exchange.ts";
import { encodeStreamFrame, type FrameRewriter, type StreamPiece } from "../http/sse.ts";
import type { Run } from "../model/run.ts";
import { RunFrames } from "./run-frames.ts";

type WakeReason = "closed" | "changed" | "time";

export interface SseOptions {
  ambient: Ambient;
  run: Run;
  /** Highest sequence number that the reader has. Default: none. */
  cursor: number | undefined;
  /** Silence after which a comment is sent; 0 for never. */
  keepAliveMs: number;
  /** Sent first, so that the reader sees that the stream has begun. */
  preamble: string;
  rewriter: FrameRewriter | undefined;
  signal: AbortSignal | undefined;
  onOpen: () => void;
  onClose: () => void;
}

/**
 * Single use. Not a generator: `return` must take effect while `next` waits, and a generator queues it behind that wait.
 * The subscription is open from the first `next` until the stream ends, `return` is called or the signal is aborted.
 */
export class SseBody implements AsyncIterable<string>, AsyncIterator<string, undefined> {
  readonly #options: SseOptions;
  readonly #frames: RunFrames;
  readonly #pieces: StreamPiece[];
  #state: "new" | "open" | "closed" = "new";
  /** Ends the wait of `next`. */
  #wake: ((why: WakeReason) => void) | undefined;
  readonly #close = () => this.#end();

  constructor(options: SseOptions) {
    this.#options = options;
    const { run, cursor, rewriter } = options;
    this.#frames = new RunFrames(run, { cursor, stateFirst: rewriter?.stateFirst ?? false });
    this.#pieces = [options.preamble];
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    if (this.#state === "new") this.#open();
    while (this.#state === "open") {
      const piece = this.#pieces.shift();
      if (typeof piece === "object") await this.#wait({ ms: piece.stallMs });
      else if (piece === "lose") {
        this.#end();
        throw new ConnectionLost();
      } else if (piece === "finish") this.#end();
      else if (piece !== undefined) return { done: false, value: piece };
      else if (!this.#fill()) {
        if (this.#frames.done) this.#end();
        else {
          const why = await this.#wait({ ms: this.#options.keepAliveMs || undefined, forChange: true });
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

  /** Puts the next frame into `#pieces`. Returns false while there is none. */
  #fill(): boolean {
    const frame = this.#frames.poll();
    if (frame === undefined) return false;
    const { rewriter } = this.#options;
    if (rewriter === undefined) this.#pieces.push(encodeStreamFrame(frame));
    else this.#pieces.push(...rewriter.rewrite(frame));
    return true;
  }

  /** Waits for the end of the subscription, for at most `ms` when given, and for a change of the run when asked to. */
  #wait({ ms, forChange = false }: { ms: number | undefined; forChange?: boolean }): Promise<WakeReason> {
    return new Promise((resolve) => {
      const stopTimer =
        ms === undefined ? undefined : this.#options.ambient.timer(ms, () => settle("time"), { unref: true });
      const stopListening = forChange ? this.#options.run.log.onceChanged(() => settle("changed")) : undefined;
      const settle = (why: WakeReason) => {
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

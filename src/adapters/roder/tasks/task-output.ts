/**
 * The log of a task. The host keeps each chunk as an entry, shows chunks joined without separators, and stops forwarding task
 * events for good when a queue of its own overflows: so chunks are few, small, and end where a line ends.
 *
 * Each stream keeps its order and loses nothing. Streams are shown in the order of arrival too, except that a line stays in one
 * piece, and that a log which cannot keep up gathers what belongs to one stream.
 */
import { MAX_CHUNK_BYTES, TASK_STREAMS, type TaskStream } from "#protocols/roder-extension";
import { Throttle } from "../../../core/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { TokenBucket } from "../../../support/token-bucket.ts";
import { LineBuffer } from "./line-buffer.ts";

/** Four chunks a second while little is said. */
const EVERY_MS = 250;
/**
 * Full chunks need not wait for that: a megabyte at once, half a megabyte a second after it. The host passes task events on
 * through a queue of 1024 that four tasks share; it empties at once, but its first overflow is the last event any client sees.
 */
const FULL_CHUNKS = { size: 64, refillEveryMs: 1000 / 32 };
/** How long a line may stay unfinished before its beginning is shown. */
const UNFINISHED_MS = 1000;
/** Pieces that may wait for their turn before text joins an earlier piece of its stream: two seconds' worth. */
const MAX_PIECES = 8;
/** Characters that may wait. Beyond that the run is followed no faster than the log is written. */
const MAX_WAITING_CHARS = 256 * 1024;

/** Takes one chunk to the host; resolves when the pipe has it. */
export type SendChunk = (stream: TaskStream, chunk: string) => Promise<void>;

interface Piece {
  readonly stream: TaskStream;
  readonly text: LineBuffer;
}

export class TaskOutput {
  readonly #ambient: Ambient;
  readonly #send: SendChunk;
  readonly #pacer: Throttle;
  readonly #ahead: TokenBucket;
  /** In order of arrival. */
  #queue: Piece[] = [];
  /** Streams whose last chunk did not end a line. */
  readonly #open = new Set<TaskStream>();
  #last: TaskStream | undefined;
  #hurried = false;
  #ending = false;
  #stopTimer: (() => void) | undefined;
  readonly #wake: (() => void)[] = [];

  constructor(ambient: Ambient, send: SendChunk) {
    this.#ambient = ambient;
    this.#send = send;
    this.#pacer = new Throttle(ambient, EVERY_MS, () => this.#turn());
    this.#ahead = new TokenBucket(ambient, FULL_CHUNKS);
  }

  /** Takes text for a stream. The answer, if any, resolves when there is room for more. */
  write(stream: TaskStream, text: string): Promise<void> | undefined {
    if (text === "") return undefined;
    this.#pieceFor(stream).text.add(text);
    this.#schedule();
    if (this.#hasRoom()) return undefined;
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  /** Stops holding back: the work is being stopped. */
  hurry(): void {
    this.#hurried = true;
    this.#schedule();
    this.#wakeIfRoom();
  }

  /** Sends what is left, with the last line of each stream ended, and resolves when the pipe has it. */
  async finish(): Promise<void> {
    this.#pacer.close();
    this.#stopTimer?.();
    this.#ending = true;
    for (const stream of TASK_STREAMS) {
      const last = this.#lastOf(stream);
      if (last ? last.text.isLineOpen : this.#open.has(stream)) this.#pieceFor(stream).text.add("\n");
    }
    for (let sent = this.#turn(); sent; sent = this.#turn()) await sent;
    this.#wakeIfRoom();
  }

  #lastOf(stream: TaskStream): Piece | undefined {
    return this.#queue.findLast((piece) => piece.stream === stream);
  }

  #pieceFor(stream: TaskStream): Piece {
    const last = this.#lastOf(stream);
    const joins = last && (last === this.#queue.at(-1) || last.text.isLineOpen || this.#queue.length >= MAX_PIECES);
    if (joins) return last;
    const piece = { stream, text: new LineBuffer(this.#ambient.now()) };
    this.#queue.push(piece);
    return piece;
  }

  #schedule(): void {
    if (this.#next()) {
      this.#pacer.ask({ atOnce: this.#hurried || (this.#isCrowded && !this.#ahead.isEmpty) });
      return;
    }
    const since = this.#queue.filter(({ text }) => text.isShowable).map(({ text }) => text.since);
    if (since.length === 0 || this.#stopTimer) return;
    this.#stopTimer = this.#ambient.timer(
      Math.min(...since) + UNFINISHED_MS - this.#ambient.now(),
      () => {
        this.#stopTimer = undefined;
        this.#schedule();
      },
      { unref: true },
    );
  }

  /** The first piece that has something to show. Of one stream only the last piece can have an open line. */
  #next(): Piece | undefined {
    return this.#queue.find(({ text }) => text.hasChunk(this.#isDue(text), this.#ending));
  }

  /** Whether an unfinished line has been held back long enough. */
  #isDue(text: LineBuffer): boolean {
    return this.#ending || this.#hurried || this.#ambient.now() - text.since >= UNFINISHED_MS;
  }

  #turn(): Promise<void> | undefined {
    const next = this.#next();
    if (!next) return undefined;
    if (this.#isCrowded) this.#ahead.tryTake();
    const { stream, text } = next;
    const chunk = text.take(this.#isDue(text), this.#ending, this.#ambient.now());
    if (text.length === 0) this.#queue = this.#queue.filter((piece) => piece !== next);
    // The answer is left as it is; a remark of ours must not continue a line of it.
    const lead = stream !== "stdout" && this.#last && this.#last !== stream && this.#open.has(this.#last) ? "\n" : "";
    this.#last = stream;
    if (chunk.endsWith("\n")) this.#open.delete(stream);
    else this.#open.add(stream);
    const sent = this.#send(stream, lead + chunk.toWellFormed());
    if (this.#ending) return sent;
    return sent.then(() => {
      this.#wakeIfRoom();
      this.#schedule();
    });
  }

  get #waitingChars(): number {
    return this.#queue.reduce((sum, { text }) => sum + text.length, 0);
  }

  /** Whether what waits fills a chunk. */
  get #isCrowded(): boolean {
    return this.#waitingChars >= MAX_CHUNK_BYTES;
  }

  #hasRoom(): boolean {
    return this.#hurried || this.#waitingChars <= MAX_WAITING_CHARS;
  }

  #wakeIfRoom(): void {
    if (!this.#hasRoom()) return;
    for (const wake of this.#wake.splice(0)) wake();
  }
}

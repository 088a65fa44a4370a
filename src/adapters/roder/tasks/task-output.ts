/**
 * The output of a task. The host stores each chunk as an entry, shows chunks joined without separators, and stops forwarding
 * task events permanently when one of its queues overflows (`docs/reference/roder-process-extension-0.2.md`, section 4.3).
 * So chunks are few, small, and end at the end of a line.
 *
 * Each stream keeps its order and loses nothing. Text of different streams is sent in the order of arrival, with two
 * exceptions: a line stays in one piece, and when the output cannot keep up, text joins earlier text of its stream.
 */
import { MAX_CHUNK_BYTES, TASK_STREAMS, type TaskStream } from "#protocols/roder-extension";
import { Throttle } from "../../../core/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { TokenBucket } from "../../../support/token-bucket.ts";
import { LineBuffer, type Release } from "./line-buffer.ts";

/** Shortest time between two chunks while there is less than a full chunk. */
const CHUNK_INTERVAL_MS = 250;
/**
 * Full chunks do not wait for that: a burst of 1 MiB, then 0.5 MiB per second. The host's queue has 1024 entries for four
 * tasks, and after its first overflow clients get no more task events.
 */
const FULL_CHUNKS = { size: 64, refillEveryMs: 1000 / 32 };
/** After this time the start of a line is sent before the line has ended. */
const UNFINISHED_MS = 1000;
/** Pieces in the queue from which on text joins an earlier piece of its stream: two seconds' worth of chunks. */
const MAX_PIECES = 8;
/** UTF-16 code units that may wait. With more, `write` makes its caller wait, and with it the run's stream. */
const MAX_WAITING_CHARS = 256 * 1024;

/** Sends one chunk to the host. Resolves when the pipe has taken it. */
export type SendChunk = (stream: TaskStream, chunk: string) => Promise<void>;

interface Piece {
  readonly stream: TaskStream;
  readonly text: LineBuffer;
}

export class TaskOutput {
  readonly #ambient: Ambient;
  readonly #send: SendChunk;
  readonly #throttle: Throttle;
  readonly #fullChunks: TokenBucket;
  /** In the order of arrival. */
  #queue: Piece[] = [];
  /** Streams whose last chunk did not end with a line break. */
  readonly #openLines = new Set<TaskStream>();
  /** The stream of the last chunk. */
  #last: TaskStream | undefined;
  #flushing = false;
  #ending = false;
  #stopTimer: (() => void) | undefined;
  readonly #wake: (() => void)[] = [];

  constructor(ambient: Ambient, send: SendChunk) {
    this.#ambient = ambient;
    this.#send = send;
    this.#throttle = new Throttle(ambient, CHUNK_INTERVAL_MS, () => this.#sendNext());
    this.#fullChunks = new TokenBucket(ambient, FULL_CHUNKS);
  }

  /** Adds text to a stream. Returns a promise when the queue is full; it resolves when there is room again. */
  write(stream: TaskStream, text: string): Promise<void> | undefined {
    if (text === "") return undefined;
    this.#pieceFor(stream).text.add(text);
    this.#schedule();
    if (this.#hasRoom()) return undefined;
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  /** Sends everything without delay from now on: the task is being stopped. */
  flush(): void {
    this.#flushing = true;
    this.#schedule();
    this.#wakeIfRoom();
  }

  /** Ends the last line of each stream and sends what is left. Resolves when the pipe has taken it. */
  async finish(): Promise<void> {
    this.#throttle.close();
    this.#stopTimer?.();
    this.#ending = true;
    for (const stream of TASK_STREAMS) {
      const last = this.#lastOf(stream);
      if (last ? last.text.isLineOpen : this.#openLines.has(stream)) this.#pieceFor(stream).text.add("\n");
    }
    for (let sent = this.#sendNext(); sent; sent = this.#sendNext()) await sent;
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
      this.#throttle.ask({ atOnce: this.#flushing || (this.#isCrowded && !this.#fullChunks.isEmpty) });
      return;
    }
    const since = this.#queue.filter(({ text }) => text.hasCharacter).map(({ text }) => text.since);
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

  /** Returns the first piece with a chunk to send. Only the last piece of a stream can end in an open line. */
  #next(): Piece | undefined {
    return this.#queue.find(({ text }) => text.hasChunk(this.#releaseOf(text)));
  }

  #releaseOf(text: LineBuffer): Release {
    const waitedMs = this.#ambient.now() - text.since;
    return {
      unfinished: this.#ending || this.#flushing || waitedMs >= UNFINISHED_MS,
      halfCharacter: this.#ending,
    };
  }

  #sendNext(): Promise<void> | undefined {
    const next = this.#next();
    if (!next) return undefined;
    if (this.#isCrowded) this.#fullChunks.tryTake();
    const { stream, text } = next;
    const chunk = text.take(this.#releaseOf(text), this.#ambient.now());
    if (text.length === 0) this.#queue = this.#queue.filter((piece) => piece !== next);
    // A line of ours must not continue a line of another stream. The answer (stdout) gets no extra line break.
    const lead =
      stream !== "stdout" && this.#last && this.#last !== stream && this.#openLines.has(this.#last) ? "\n" : "";
    this.#last = stream;
    if (chunk.endsWith("\n")) this.#openLines.delete(stream);
    else this.#openLines.add(stream);
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

  /** Whether the waiting text fills a chunk. */
  get #isCrowded(): boolean {
    return this.#waitingChars >= MAX_CHUNK_BYTES;
  }

  #hasRoom(): boolean {
    return this.#flushing || this.#waitingChars <= MAX_WAITING_CHARS;
  }

  #wakeIfRoom(): void {
    if (!this.#hasRoom()) return;
    for (const wake of this.#wake.splice(0)) wake();
  }
}

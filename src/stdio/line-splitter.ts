/** Splits bytes into lines at byte 0x0A, and bounds how much of an unfinished line it holds. */

const NEWLINE = 0x0a;
const EMPTY = Buffer.alloc(0);
const FIRST_CAPACITY = 64 * 1024;

/** In place of a line above the limit, whose bytes were dropped. */
export const TOO_LONG = Symbol("too long");
export type Line = Buffer | typeof TOO_LONG;

/**
 * Holds at most one unfinished line. Every byte is searched once and copied a bounded number of times (the buffer doubles),
 * however small the chunks are: hosts write prompts of many megabytes as one line, and the pipe cuts them anywhere.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #held: Buffer = EMPTY;
  #size = 0;
  #skipping = false;

  /** `maxBytes` is the longest line, without its newline. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Yields the lines that `chunk` completes. A line may share memory with `chunk`. */
  *push(chunk: Buffer): Generator<Line, void, void> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const tail = chunk.subarray(from, at);
      from = at + 1;
      yield this.#finish(tail);
    }
    this.#hold(chunk.subarray(from));
  }

  /** Returns the last line, if the input ended without a newline after it. */
  end(): Line | undefined {
    return this.#size > 0 || this.#skipping ? this.#finish(EMPTY) : undefined;
  }

  #finish(tail: Buffer): Line {
    let line: Line = tail;
    if (this.#skipping || this.#size > 0 || tail.length > this.#maxBytes) {
      this.#hold(tail);
      line = this.#skipping ? TOO_LONG : this.#held.subarray(0, this.#size);
    }
    this.#release(false);
    return line;
  }

  #hold(piece: Buffer): void {
    if (this.#skipping || piece.length === 0) return;
    const size = this.#size + piece.length;
    if (size > this.#maxBytes) {
      this.#release(true);
      return;
    }
    if (size > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(size, FIRST_CAPACITY, this.#held.length * 2));
      this.#held.copy(grown, 0, 0, this.#size);
      this.#held = grown;
    }
    piece.copy(this.#held, this.#size);
    this.#size = size;
  }

  #release(skipping: boolean): void {
    this.#held = EMPTY;
    this.#size = 0;
    this.#skipping = skipping;
  }
}

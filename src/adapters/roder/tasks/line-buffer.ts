/** Text that waits to be sent, given out in chunks that end where a line ends, if they can. */
import { MAX_CHUNK_BYTES } from "#protocols/roder-extension";
import { isHighSurrogate, splitBytes } from "../../../support/clip.ts";

/** Leaves room for a line break in front. */
const CHUNK_BYTES = MAX_CHUNK_BYTES - 1;

export class LineBuffer {
  #text = "";
  #hasLine = false;
  /** When the oldest of it came, in milliseconds since the epoch; of the rest of a text: when its beginning went. */
  since: number;

  constructor(now: number) {
    this.since = now;
  }

  get length(): number {
    return this.#text.length;
  }

  /** Whether its last line is still to be ended. */
  get isLineOpen(): boolean {
    return this.#text !== "" && !this.#text.endsWith("\n");
  }

  /** Whether there is anything to show: half a character is not. */
  get isShowable(): boolean {
    return this.#shown(false) > 0;
  }

  add(text: string): void {
    this.#text += text;
    this.#hasLine ||= text.includes("\n");
  }

  /** Whether there is a chunk: a whole line, a full chunk, or, with `unfinishedToo`, anything. `last`: nothing follows. */
  hasChunk(unfinishedToo: boolean, last: boolean): boolean {
    if (this.#hasLine || this.#text.length >= CHUNK_BYTES) return true;
    return unfinishedToo && this.#shown(last) > 0;
  }

  /** Takes the next chunk out. Call it when there is one. */
  take(unfinishedToo: boolean, last: boolean, now: number): string {
    const shown = this.#shown(last);
    const [piece = ""] = splitBytes(this.#text.slice(0, shown), CHUNK_BYTES);
    const lineEnd = piece.lastIndexOf("\n") + 1;
    const takesAll = unfinishedToo && piece.length === shown;
    const chunk = lineEnd > 0 && !takesAll ? piece.slice(0, lineEnd) : piece;
    this.#text = this.#text.slice(chunk.length);
    this.#hasLine = this.#text.includes("\n");
    this.since = now;
    return chunk;
  }

  /** How much may be shown: not the half of a character whose other half is still to come. */
  #shown(last: boolean): number {
    const { length } = this.#text;
    return !last && length > 0 && isHighSurrogate(this.#text.charCodeAt(length - 1)) ? length - 1 : length;
  }
}

/** Text of one stream that waits to be sent, given out in chunks that end where a line ends, if they can. */
import { MAX_CHUNK_BYTES } from "#protocols/roder-extension-0.2";
import { isHighSurrogate, splitBytes } from "../../support/clip.ts";

/** Leaves room for a line break in front. */
const CHUNK_BYTES = MAX_CHUNK_BYTES - 1;

export class HeldText {
  #text = "";
  #hasLine = false;
  /** When the oldest of the text came, in milliseconds since the epoch; of the rest of a text: when its beginning went. */
  since = Number.NEGATIVE_INFINITY;
  /** Whether what was given out last did not end a line. */
  isLineOpen = false;

  get length(): number {
    return this.#text.length;
  }

  add(text: string, now: number): void {
    if (text === "") return;
    if (this.#text === "") this.since = now;
    this.#text += text;
    this.#hasLine ||= text.includes("\n");
  }

  /** Ends the line that is open, if one is. */
  endLine(now: number): void {
    if (this.#text === "" ? this.isLineOpen : !this.#text.endsWith("\n")) this.add("\n", now);
  }

  /** When an unfinished line began to wait; infinity when none does, or only half a character. */
  unfinishedSince(): number {
    return this.#shown(false) > 0 ? this.since : Number.POSITIVE_INFINITY;
  }

  /** Whether there is a chunk: a whole line, a full chunk, or, with `unfinishedToo`, anything. `last`: nothing will follow. */
  hasChunk(unfinishedToo: boolean, last: boolean): boolean {
    if (this.#hasLine || this.#text.length >= CHUNK_BYTES) return true;
    return unfinishedToo && this.#shown(last) > 0;
  }

  /** Takes the next chunk out. Call it when there is one. */
  take(unfinishedToo: boolean, last: boolean, now: number): string {
    const [piece = ""] = splitBytes(this.#text.slice(0, this.#shown(last)), CHUNK_BYTES);
    const lineEnd = piece.lastIndexOf("\n") + 1;
    const takesAll = piece.length === this.#shown(last);
    const chunk = lineEnd > 0 && !(takesAll && unfinishedToo) ? piece.slice(0, lineEnd) : piece;
    this.#text = this.#text.slice(chunk.length);
    this.#hasLine = this.#text.includes("\n");
    this.since = now;
    this.isLineOpen = !chunk.endsWith("\n");
    return chunk;
  }

  /** How much may be shown: not the half of a character whose other half is still to come. */
  #shown(last: boolean): number {
    const { length } = this.#text;
    return !last && length > 0 && isHighSurrogate(this.#text.charCodeAt(length - 1)) ? length - 1 : length;
  }
}

/** Text that waits to be sent, taken out in chunks that end at the end of a line where possible. */
import { MAX_CHUNK_BYTES } from "#protocols/roder-extension";
import { isHighSurrogate, splitBytes } from "../../../support/clip.ts";

/** One byte less than a chunk may have, for a line break in front of it. */
const CHUNK_BYTES = MAX_CHUNK_BYTES - 1;

/** What may be taken besides whole lines and full chunks. */
export interface Release {
  /** The start of a line that has not ended yet. */
  unfinished: boolean;
  /** Half a surrogate pair at the end: no text follows that could complete the character. */
  halfCharacter: boolean;
}

export class LineBuffer {
  #text = "";
  /** Length of the whole lines. */
  #lines = 0;
  /** Milliseconds since the epoch: when the buffer was created, or when the last chunk was taken. */
  since: number;

  constructor(now: number) {
    this.since = now;
  }

  /** In UTF-16 code units. */
  get length(): number {
    return this.#text.length;
  }

  /** Whether the last line has not ended. */
  get isLineOpen(): boolean {
    return this.#text !== "" && !this.#text.endsWith("\n");
  }

  /** Whether the buffer holds at least one whole character. */
  get hasCharacter(): boolean {
    return this.#releasableLength({ halfCharacter: false }) > 0;
  }

  add(text: string): void {
    const lines = text.lastIndexOf("\n") + 1;
    if (lines > 0) this.#lines = this.#text.length + lines;
    this.#text += text;
  }

  /** Whether `take` would return text. */
  hasChunk(release: Release): boolean {
    if (this.#lines > 0 || this.#text.length >= CHUNK_BYTES) return true;
    return release.unfinished && this.#releasableLength(release) > 0;
  }

  /** Removes and returns the next chunk; to be called when there is one. `now` is milliseconds since the epoch. */
  take(release: Release, now: number): string {
    const length = this.#releasableLength(release);
    const [piece = ""] = splitBytes(this.#text.slice(0, length), CHUNK_BYTES);
    const lineEnd = piece.lastIndexOf("\n") + 1;
    const takesAll = release.unfinished && piece.length === length;
    const chunk = lineEnd > 0 && !takesAll ? piece.slice(0, lineEnd) : piece;
    this.#text = this.#text.slice(chunk.length);
    this.#lines = Math.max(0, this.#lines - chunk.length);
    this.since = now;
    return chunk;
  }

  #releasableLength({ halfCharacter }: Pick<Release, "halfCharacter">): number {
    const { length } = this.#text;
    const endsInHalf = length > 0 && isHighSurrogate(this.#text.charCodeAt(length - 1));
    return endsInHalf && !halfCharacter ? length - 1 : length;
  }
}

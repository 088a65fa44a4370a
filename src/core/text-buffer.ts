/** The answer as it grows: appended to a million times, joined rarely, bounded. */

/** Characters kept per run. What lies beyond still reaches the host piece by piece; the final text is cut there. */
export const MAX_TEXT_CHARACTERS = 16 * 1024 * 1024;
const PIECES_PER_CHUNK = 1024;

export class TextBuffer {
  readonly #chunks: string[] = [];
  #pieces: string[] = [];
  #length = 0;
  /** Whether text beyond the bound was let go. */
  truncated = false;

  append(piece: string): void {
    const room = MAX_TEXT_CHARACTERS - this.#length;
    if (piece.length > room) {
      this.truncated = true;
      if (room <= 0) return;
    }
    const kept = piece.length > room ? piece.slice(0, room) : piece;
    this.#pieces.push(kept);
    this.#length += kept.length;
    if (this.#pieces.length >= PIECES_PER_CHUNK) {
      this.#chunks.push(this.#pieces.join(""));
      this.#pieces = [];
    }
  }

  get length(): number {
    return this.#length;
  }

  toString(): string {
    const text = this.#chunks.join("") + this.#pieces.join("");
    this.#chunks.length = 0;
    this.#chunks.push(text);
    this.#pieces = [];
    return text;
  }
}

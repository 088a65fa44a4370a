/** The growing answer: cheap to append to, joined rarely, kept up to a bound and hashed beyond it. */
import { createHash, type Hash } from "node:crypto";

/** Characters kept per run. The host receives all text in pieces; no host accepts a longer final message. */
export const MAX_TEXT_CHARACTERS = 1024 * 1024;
const PIECES_PER_CHUNK = 1024;
const COMPARED_AT_ONCE = 64 * 1024;

export class TextBuffer {
  readonly #chunks: string[] = [];
  #pieces: string[] = [];
  #kept = 0;
  /** Hash of the text beyond the bound, so that it can still be compared. */
  #beyond: Hash | undefined;
  /** Number of characters appended, kept or not. */
  length = 0;

  append(piece: string): void {
    this.length += piece.length;
    const room = MAX_TEXT_CHARACTERS - this.#kept;
    if (piece.length > room) {
      this.#beyond ??= createHash("sha256");
      this.#beyond.update(piece.slice(room), "utf16le"); // pieces may end between the halves of a character
    }
    if (room === 0) return;
    const kept = piece.slice(0, room);
    this.#pieces.push(kept);
    this.#kept += kept.length;
    if (this.#pieces.length >= PIECES_PER_CHUNK) {
      this.#chunks.push(this.#pieces.join(""));
      this.#pieces = [];
    }
  }

  /** Returns whether `text` begins with everything that was appended. */
  isBeginningOf(text: string): boolean {
    if (text.length < this.length || !text.startsWith(this.toString())) return false;
    if (!this.#beyond) return true;
    const other = createHash("sha256");
    for (let at = MAX_TEXT_CHARACTERS; at < this.length; at += COMPARED_AT_ONCE) {
      other.update(text.slice(at, Math.min(at + COMPARED_AT_ONCE, this.length)), "utf16le");
    }
    return this.#beyond.copy().digest().equals(other.digest());
  }

  /** Returns the text, up to the bound. */
  toString(): string {
    const text = this.#chunks.join("") + this.#pieces.join("");
    this.#chunks.length = 0;
    this.#chunks.push(text);
    this.#pieces = [];
    return text;
  }
}

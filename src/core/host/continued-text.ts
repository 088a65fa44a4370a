/**
 * The text of a run that continues another one. Some services repeat the earlier text at its beginning; the repetition is
 * removed.
 */
export class ContinuedText {
  readonly #earlier: string;
  /** Length of the repetition so far; undefined once the text is known to be new. */
  #repeated: number | undefined;

  constructor(earlier: string) {
    this.#earlier = earlier;
    this.#repeated = earlier === "" ? undefined : 0;
  }

  /** Returns the part of the piece that is new. */
  push(piece: string): string {
    if (this.#repeated === undefined) return piece;
    const rest = this.#earlier.slice(this.#repeated);
    if (rest.startsWith(piece)) {
      this.#repeated += piece.length;
      return "";
    }
    const held = this.#earlier.slice(0, this.#repeated);
    this.#repeated = undefined;
    return piece.startsWith(rest) ? piece.slice(rest.length) : held + piece;
  }

  /** Returns what was held back as a possible repetition. To be called once, at the end. */
  end(): string {
    const held = this.#repeated;
    this.#repeated = undefined;
    return held === undefined || held === this.#earlier.length ? "" : this.#earlier.slice(0, held);
  }

  /** Returns the full answer, given the text of the continuing run. */
  whole(text: string): string {
    return text.startsWith(this.#earlier) ? text : this.#earlier + text;
  }
}

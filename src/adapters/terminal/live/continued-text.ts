/**
 * The text of a run that goes on where another one stopped. Some services begin it with what the other one has said: that
 * is not told twice.
 */
export class ContinuedText {
  readonly #earlier: string;
  /** How much of it has come again; undefined once the text is known to be new. */
  #repeated: number | undefined;

  constructor(earlier: string) {
    this.#earlier = earlier;
    this.#repeated = earlier === "" ? undefined : 0;
  }

  /** What of the piece is news. */
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

  /** What was held back because it could have been a repetition; call it once, at the end. */
  end(): string {
    const held = this.#repeated;
    this.#repeated = undefined;
    return held === undefined || held === this.#earlier.length ? "" : this.#earlier.slice(0, held);
  }

  /** All of the answer, given the text of the run that went on. */
  whole(text: string): string {
    return text.startsWith(this.#earlier) ? text : this.#earlier + text;
  }
}

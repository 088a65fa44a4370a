/** A terminal of a few columns that keeps its lines: enough to see what a person would see. */
import { Writable } from "node:stream";

export class TerminalEmulator extends Writable {
  readonly isTTY = true;
  columns: number;
  readonly rows = 24;
  /** All that was written, for looking at sequences. */
  raw = "";
  readonly #lines: string[] = [""];
  #row = 0;
  #column = 0;

  constructor(columns = 40) {
    super({ decodeStrings: false });
    this.columns = columns;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    const text = chunk.toString();
    this.raw += text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it reads them
    for (const [piece] of text.matchAll(/\x1b\[[0-9;]*[A-Za-z]|[\s\S]/gu)) this.#take(piece);
    done();
  }

  /** The lines from the top, without blanks at their ends and empty lines at the bottom. */
  get screen(): string[] {
    const lines = this.#lines.map((line) => line.trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  #take(piece: string): void {
    if (piece === "\n") this.#down();
    else if (piece === "\r") this.#column = 0;
    else if (piece.endsWith("A") && piece.length > 1)
      this.#row = Math.max(0, this.#row - (Number(piece.slice(2, -1)) || 1));
    else if (piece === "\x1b[J") {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = (this.#lines[this.#row] ?? "").slice(0, this.#column);
    } else if (!piece.startsWith("\x1b")) this.#print(piece);
  }

  #print(character: string): void {
    if (this.#column >= this.columns) this.#down();
    const line = (this.#lines[this.#row] ?? "").padEnd(this.#column);
    this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += 1;
  }

  #down(): void {
    this.#row += 1;
    this.#column = 0;
    this.#lines[this.#row] ??= "";
  }
}

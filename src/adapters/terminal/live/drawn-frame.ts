/** A few lines at the bottom of a terminal that are redrawn, below lines that stay. */
import { columnsOf, type Output } from "../screen/screen.ts";

export interface FrameLine {
  /** May have colours; shorter than a row. */
  text: string;
  /** In columns. */
  width: number;
}

export class DrawnFrame {
  readonly #output: Output;
  #widths: number[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** Erases the old lines and writes `settled` (complete lines, which stay) and the new lines below it. */
  draw(settled: string, lines: readonly FrameLine[]): void {
    const text = this.#eraser() + settled + lines.map((line) => line.text).join("\n");
    this.#widths = lines.map(({ width }) => width);
    if (text !== "") this.#output.write(text);
  }

  /** Returns what moves the cursor to our first line and erases from there. Rows are counted now: a resize may have rewrapped them. */
  #eraser(): string {
    if (this.#widths.length === 0) return "";
    const columns = columnsOf(this.#output);
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ""}\x1b[J`;
  }
}

/** A few lines at the bottom of a terminal that are drawn over, below lines that stay. */
import { columnsOf, type Output } from "../screen/screen.ts";

export interface FrameLine {
  /** With colours if any; shorter than a row. */
  text: string;
  /** Columns it takes. */
  width: number;
}

export class DrawnFrame {
  readonly #output: Output;
  #widths: number[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  /** Takes the old lines away, writes `settled` (whole lines) for good, and the new lines below it. */
  draw(settled: string, lines: readonly FrameLine[]): void {
    const text = this.#eraser() + settled + lines.map((line) => line.text).join("\n");
    this.#widths = lines.map(({ width }) => width);
    if (text !== "") this.#output.write(text);
  }

  /** Back to where our lines begin. After a resize the terminal may have wrapped them anew; so they are counted now. */
  #eraser(): string {
    if (this.#widths.length === 0) return "";
    const columns = columnsOf(this.#output);
    const rows = this.#widths.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ""}\x1b[J`;
  }
}

/**
 * The live part of a terminal: finished lines scroll away, and below them the unfinished line of the answer and a status
 * line are redrawn. At most two short lines are redrawn, so a resize can garble no more than those.
 */
import type { Ambient } from "../../../support/ambient.ts";
import { isHighSurrogate } from "../../../support/clip.ts";
import { printable } from "../screen/text.ts";
import { fitTo, measure, widthOf } from "../screen/width.ts";
import type { FrameLine, ScreenWriter } from "../screen/writer.ts";

const FRAME_MS = 50;
/** Characters that are laid out in one go. */
const PIECE = 32 * 1024;
const SPIN_MS = 100;
const SPINNERS = { unicode: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", ascii: "|/-\\" } as const;
const TAB = "    ";

export interface LiveViewOptions {
  output: ScreenWriter;
  ambient: Ambient;
  unicode: boolean;
  /** Returns the current status line; it is drawn after the spinner and cut to the screen. */
  status: () => string;
  paint: { status: (text: string) => string; spinner: (text: string) => string };
}

export class LiveView {
  readonly #options: LiveViewOptions;
  /** Answer text whose line is unfinished; shorter than a row after each drawing. */
  #open = "";
  #done = "";
  #stopFrame: (() => void) | undefined;
  #stopSpin: (() => void) | undefined;
  #shown = false;
  #spins = 0;

  constructor(options: LiveViewOptions) {
    this.#options = options;
  }

  get isShown(): boolean {
    return this.#shown;
  }

  start(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.#spin();
  }

  /** Adds streamed foreign text. Resolves when the terminal accepts more. */
  append(text: string): Promise<void> | void {
    if (text.length > PIECE) return this.#appendPieces(text);
    this.#open += printable(text).replaceAll("\t", TAB);
    return this.#open.length > PIECE ? this.#drawNow() : this.#later();
  }

  async #appendPieces(text: string): Promise<void> {
    for (let start = 0; start < text.length; ) {
      const end = start + PIECE;
      const cut = isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
      await this.append(text.slice(start, cut));
      start = cut;
    }
  }

  /** Draws before the next frame is due, and lets a Ctrl-C be noticed before there is more. */
  async #drawNow(): Promise<void> {
    const { output, ambient } = this.#options;
    this.#draw(this.#shown);
    await output.drained();
    await new Promise<void>((resolve) => ambient.soon(resolve));
  }

  /** Adds lines of ours, which may have colours. An unfinished line of the answer is ended first. */
  line(...lines: string[]): void {
    this.#finishLine();
    this.#done += lines.map((line) => `${line}\n`).join("");
    void this.#later();
  }

  /** Writes lines that a person decides about, below what is pending. To be called while the view is stopped. */
  exactly(...lines: string[]): void {
    this.#finishLine();
    this.#draw(false);
    void this.#options.output.writeExactly(lines.map((line) => `${line}\n`).join(""));
  }

  /** Draws what is pending and removes the status line until `start` is called again. */
  stop(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#stopSpin?.();
    this.#stopFrame?.();
    this.#stopFrame = undefined;
    this.#finishLine();
    this.#draw(false);
  }

  #finishLine(): void {
    this.#settleRows();
    if (this.#open === "") return;
    this.#done += `${this.#open}\n`;
    this.#open = "";
  }

  #later(): Promise<void> | void {
    const { output, ambient } = this.#options;
    if (!this.#shown) this.#draw(false);
    else
      this.#stopFrame ??= ambient.timer(FRAME_MS, () => {
        this.#stopFrame = undefined;
        this.#draw(true);
      });
    return output.drained();
  }

  #spin(): void {
    this.#draw(true);
    this.#spins += 1;
    this.#stopSpin = this.#options.ambient.timer(SPIN_MS, () => this.#spin());
  }

  #draw(withStatus: boolean): void {
    const { output, status, paint, unicode } = this.#options;
    this.#settleRows();
    if (!withStatus && this.#open !== "") {
      this.#done += `${this.#open}\n`; // it will not be redrawn
      this.#open = "";
    }
    const lines: FrameLine[] = [];
    if (withStatus) {
      const spinner = unicode ? SPINNERS.unicode : SPINNERS.ascii;
      const words = fitTo(status(), output.columns - 3);
      if (this.#open !== "") lines.push({ text: this.#open, width: widthOf(this.#open) });
      const spin = paint.spinner(spinner[this.#spins % spinner.length] ?? "");
      lines.push({ text: `${spin} ${paint.status(words)}`, width: 2 + widthOf(words) });
    }
    output.draw(this.#done, lines);
    this.#done = "";
  }

  /** Moves the finished part of the open text to the finished lines: its complete lines, and complete rows of the last one. */
  #settleRows(): void {
    const end = this.#open.lastIndexOf("\n");
    if (end >= 0) {
      this.#done += `${this.#open
        .slice(0, end)
        .split("\n")
        .flatMap((line) => this.#rows(line))
        .join("\n")}\n`;
      this.#open = this.#open.slice(end + 1);
    }
    const rows = this.#rows(this.#open);
    this.#open = rows.pop() ?? "";
    if (rows.length > 0) this.#done += `${rows.join("\n")}\n`;
  }

  /** Splits a line into rows that fit the screen, between words where possible. Each row is measured once. */
  #rows(line: string): string[] {
    const room = this.#options.output.columns - 1;
    const rows: string[] = [];
    for (let start = 0; ; ) {
      const { end } = measure(line, room, start);
      if (end === line.length) return [...rows, line.slice(start)];
      const full = line.slice(start, Math.max(end, start + 1));
      const space = line.charAt(end) === " " ? full.length : full.lastIndexOf(" ");
      const row = space > room / 3 ? full.slice(0, space) : full;
      rows.push(row);
      start += row.length;
      if (line.charAt(start) === " ") start += 1;
    }
  }
}

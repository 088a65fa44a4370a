/**
 * The only way from a command to stdout or stderr. On a terminal everything is cleaned here, whoever wrote it: what gets
 * through is text, and the sequences that carry the mark of this process. Foreign text cannot know the mark, as a script on
 * a web page cannot know the nonce of its page. In a pipe or a file the bytes are as they came. Secrets are removed in either
 * case.
 */
import type { Writable } from "node:stream";
import { redactMember } from "../../../support/protocol-words.ts";
import type { Redactor } from "../../../support/redact.ts";
import { isReaderGone, writeProblem } from "../../../support/system-error.ts";
import { escapeUnseenInJson } from "../../../support/unseen.ts";
import { printable } from "./text.ts";
import { lineOf } from "./width.ts";

export interface Output extends Writable {
  isTTY?: boolean | undefined;
  columns?: number;
  rows?: number;
}

export interface FrameLine {
  /** May have colours; shorter than a row. */
  text: string;
  /** In columns. */
  width: number;
}

/** How a terminal is rung: by the bell alone, or with a notice by one of the two sequences in use. */
export type Alert = "bell" | "osc9" | "osc777";

const DEFAULT_COLUMNS = 80;
const MAX_ALERT_COLUMNS = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what begins a sequence
const COLOUR = /^\x1b\[[0-9;]*m/;

export class ScreenWriter {
  /** For the library that asks questions, which draws by itself. Nothing else may write to it. */
  readonly stream: Output;
  /** The one on the same terminal: what it writes must not land in our frame. */
  neighbour: ScreenWriter | undefined;
  readonly #mark: string;
  readonly #redactor: Redactor;
  /** Widths of the lines at the bottom that are redrawn. */
  #frame: number[] = [];
  #failure: NodeJS.ErrnoException | undefined;
  readonly #onFailure: (() => void)[] = [];

  /** `mark` is a random word. */
  constructor(stream: Output, mark: string, redactor: Redactor) {
    this.stream = stream;
    this.#mark = mark;
    this.#redactor = redactor;
    stream.on("error", (error) => {
      if (this.#failure) return; // every further write reports it again
      this.#failure = error;
      for (const listener of this.#onFailure) listener();
    });
  }

  get isTTY(): boolean {
    return this.stream.isTTY === true;
  }

  /** In columns; 80 where it is not known. */
  get columns(): number {
    const { columns } = this.stream;
    return columns && columns > 0 ? columns : DEFAULT_COLUMNS;
  }

  get rows(): number | undefined {
    return this.stream.rows;
  }

  /** Calls the listener when a write fails, once. */
  onFailure(listener: () => void): void {
    this.#onFailure.push(listener);
  }

  /** Whether a write failed because there is no one to read: a pipe that was closed, a terminal that is gone. */
  get isReaderGone(): boolean {
    return isReaderGone(this.#failure);
  }

  /** Why writing failed although there is a reader, such as a full disk; undefined while it works. */
  get problem(): string | undefined {
    return writeProblem(this.#failure);
  }

  /** Characters that wait for the reader. */
  get writableLength(): number {
    return this.stream.writableLength;
  }

  /** Writes text. Resolves at once, or when a slow reader has caught up; a reader that is gone counts as caught up. */
  write(text: string): Promise<void> | void {
    return this.#writeClean(this.#redactor.redact(text));
  }

  /**
   * Writes what a person is about to decide. On a terminal only known secrets are removed: text could be given the form of a
   * secret to hide it. Elsewhere nobody decides by it.
   */
  writeExactly(text: string): Promise<void> | void {
    return this.isTTY ? this.#writeClean(this.#redactor.redactKnown(text)) : this.write(text);
  }

  #writeClean(text: string): Promise<void> | void {
    if (this.neighbour?.isTTY) this.neighbour.#eraseFrame();
    return this.#put(this.#eraser() + this.#clean(text));
  }

  /**
   * Returns foreign text on one line of at most `columns` columns. The only way to shorten it for a screen: secrets are
   * removed first, because half of one could not be recognised any more.
   */
  fit(text: string, columns: number): string {
    return lineOf(this.#redactor.redact(text), columns);
  }

  /** Writes JSON, one line or several. On a terminal its unseen characters are escaped: the value stays the same. */
  json(value: unknown, indent?: number): Promise<void> | void {
    const clean = (name: string, member: unknown) =>
      typeof member === "string" ? redactMember(name, member, this.#redactor) : member;
    const text = JSON.stringify(value, clean, indent);
    return this.#writeClean(`${this.isTTY ? escapeUnseenInJson(text) : text}\n`);
  }

  /** Erases the frame, and writes `settled` (complete lines, which stay) and the new lines of the frame below it. */
  draw(settled: string, lines: readonly FrameLine[]): void {
    const text =
      this.#eraser() + this.#cleanFrame(settled) + lines.map((line) => this.#cleanFrame(line.text)).join("\n");
    this.#frame = lines.map(({ width }) => width);
    if (text !== "") void this.#put(text);
  }

  /** Rings the terminal, with words where it takes any. Nothing in them can end the sequence, and nothing that is drawn moves. */
  alert(how: Alert, { title, body }: { title: string; body: string }): void {
    if (!this.isTTY) return;
    const [head, text] = [title, body].map((words) => this.fit(words, MAX_ALERT_COLUMNS).replaceAll(";", ","));
    const said = how === "osc9" ? `9;${head}: ${text}` : `777;notify;${head};${text}`;
    void this.#put(how === "bell" ? "\x07" : `\x1b]${said}\x1b\\\x07`);
  }

  /** Resolves when the output accepts more, or its reader is gone. */
  drained(): Promise<void> | void {
    const { stream } = this;
    if (this.#failure || !stream.writableNeedDrain) return;
    return new Promise((resolve) => {
      const settle = () => {
        for (const event of ["drain", "error", "close"]) stream.off(event, settle);
        resolve();
      };
      for (const event of ["drain", "error", "close"]) stream.on(event, settle);
    });
  }

  /** Resolves when everything has been written, or cannot be. */
  flushed(): Promise<void> {
    return new Promise((done) => void this.stream.write("", () => done()));
  }

  #put(text: string): Promise<void> | void {
    if (this.#failure || this.stream.write(text)) return;
    return this.drained();
  }

  #clean(text: string): string {
    if (!this.isTTY) return text;
    const [first = "", ...marked] = text.split(this.#mark);
    return printable(first) + marked.map((piece) => this.#cleanMarked(piece)).join("");
  }

  #cleanFrame(text: string): string {
    return this.#clean(this.#redactor.redact(text));
  }

  #cleanMarked(piece: string): string {
    const [colour = ""] = COLOUR.exec(piece) ?? [];
    return colour + printable(piece.slice(colour.length));
  }

  #eraseFrame(): void {
    const eraser = this.#eraser();
    if (eraser !== "") void this.#put(eraser);
  }

  /** Returns what moves the cursor to our first line and erases from there. Rows are counted now: a resize may have rewrapped them. */
  #eraser(): string {
    if (this.#frame.length === 0) return "";
    const rows = this.#frame.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.columns)), 0);
    this.#frame = [];
    return `\r${rows > 1 ? `\x1b[${rows - 1}A` : ""}\x1b[J`;
  }
}

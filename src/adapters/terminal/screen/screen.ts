/** The streams of a command and what they can show. */
import type { Readable } from "node:stream";
import type { Redactor } from "../../../support/redact.ts";
import { type Colors, createColors } from "./colors.ts";
import { type Output, ScreenWriter } from "./writer.ts";

export interface Input extends Readable {
  isTTY?: boolean | undefined;
}

/** Ctrl-Z while the screen is drawn on. */
export interface Suspension {
  /** Calls `leave` before the process stops and `enter` when it goes on. Returns a function that removes them. */
  around(hooks: { leave(): void; enter(): void }): () => void;
  /** Stops the process and those of its command line. For a Ctrl-Z that arrives as a key. */
  suspend(): void;
}

export interface Screen {
  readonly stdin: Input;
  readonly stdout: ScreenWriter;
  readonly stderr: ScreenWriter;
  readonly suspension: Suspension;
  readonly colors: Colors;
  /** For stderr, which may be a terminal when stdout is not. */
  readonly errorColors: Colors;
  /** Whether lines may be redrawn: a terminal that can move the cursor, and no build server. */
  readonly animated: boolean;
  /**
   * Whether stdout may end up on the terminal of stderr: a pipe can lead anywhere, and `| tee` leads there.
   */
  readonly answerMayShow: boolean;
  /** Whether questions can be asked. */
  readonly interactive: boolean;
  /** Whether characters beyond ASCII are likely to be displayed correctly. */
  readonly unicode: boolean;
}

export interface ScreenOptions {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  /** Whether stdout is a file. Default false. */
  stdoutIsFile?: boolean;
  /** `--no-color` was given. */
  noColor: boolean;
  variable: (name: string) => string | undefined;
  /** A random word, by which the sequences of this process are told from foreign ones. */
  mark: string;
  suspension: Suspension;
  redactor: Redactor;
}

export function createScreen({
  stdin,
  stdout: out,
  stderr: err,
  stdoutIsFile = false,
  noColor,
  variable,
  mark,
  suspension,
  redactor,
}: ScreenOptions): Screen {
  const dumb = variable("TERM") === "dumb";
  const build = variable("CI") !== undefined && variable("CI") !== "false";
  const stdout = new ScreenWriter(out, mark, redactor);
  const stderr = new ScreenWriter(err, mark, redactor);
  stdout.neighbour = stderr;
  stderr.neighbour = stdout;
  const colorsOf = ({ isTTY }: ScreenWriter) =>
    createColors(!noColor && variable("NO_COLOR") === undefined && !dumb && isTTY, mark);
  const locale = variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? "";
  return {
    stdin,
    stdout,
    stderr,
    suspension,
    colors: colorsOf(stdout),
    errorColors: colorsOf(stderr),
    animated: !dumb && !build,
    answerMayShow: !stdoutIsFile,
    interactive: stdin.isTTY === true && stderr.isTTY && !dumb && !build,
    unicode:
      process.platform === "win32" || variable("TERM") === "linux"
        ? variable("WT_SESSION") !== undefined
        : /utf-?8/i.test(locale),
  };
}

/** Writes lines to stdout. */
export function printLine(screen: Screen, ...lines: string[]): void {
  for (const line of lines) void screen.stdout.write(`${line}\n`);
}

/** Writes lines to stderr: everything that is not the result. */
export function printError(screen: Pick<Screen, "stderr">, ...lines: string[]): void {
  for (const line of lines) void screen.stderr.write(`${line}\n`);
}

/** Writes lines that a person decides about to stderr, where the question follows. */
export function printExactly(screen: Pick<Screen, "stderr">, ...lines: string[]): void {
  for (const line of lines) void screen.stderr.writeExactly(`${line}\n`);
}

/** Says on stderr that a list is not complete. */
export function printUnreadable(screen: Screen, unreadable: number, noun: string): void {
  if (unreadable === 0) return;
  const rows = unreadable === 1 ? `1 ${noun}` : `${unreadable} ${noun}s`;
  printError(screen, `seren-bridge: ${rows} could not be read and ${unreadable === 1 ? "is" : "are"} not shown`);
}

/** Writes one JSON document to stdout. */
export function printJson(screen: Screen, value: unknown): void {
  void screen.stdout.json(value, 2);
}

/** Returns whether to print JSON: with `--json`, and by default when stdout is not a terminal. */
export function wantsJson(screen: Screen, options: { json?: boolean }): boolean {
  return options.json ?? !screen.stdout.isTTY;
}

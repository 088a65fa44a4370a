/** The list of runs on a terminal: redrawn every second, with one run selected. */
import { paintState, STATE_WORDS, shortId } from "../runs/run-rows.ts";
import { duration } from "../screen/format.ts";
import type { Screen } from "../screen/screen.ts";
import { table } from "../screen/table.ts";
import { fitTo, widthOf } from "../screen/width.ts";
import type { FrameLine, ScreenWriter } from "../screen/writer.ts";
import type { WatchedRun } from "./in-flight.ts";

const MIN_ROWS = 3;
/** Lines besides the runs: header, a gap, keys, one to spare. */
const OTHER_LINES = 5;
const KEYS = ["up/down select", "f follow", "a approve", "r reject", "c cancel", "q quit"];

export class Board {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  draw(runs: readonly WatchedRun[], picked: number, now: number, note: string): void {
    const { colors, stdout, unicode } = this.#screen;
    const columns = stdout.columns - 1;
    const room = Math.max(MIN_ROWS, (stdout.rows ?? 24) - OTHER_LINES);
    const first = Math.max(0, Math.min(picked - room + 1, runs.length - room));
    const seen = runs.slice(first, first + room);
    // Widths are counted without colours: a line that wraps would not be erased completely.
    const plain = boardLines(stdout, seen, now, columns - 2);
    const lines: FrameLine[] = plain.map((text, index) => {
      const run = seen[index - 1];
      const mark = index > 0 && first + index - 1 === picked ? (unicode ? "› " : "> ") : "  ";
      const shown = mark + text;
      const paint = run ? (run.state === "starting" ? colors.dim : paintState(colors, run.state)) : colors.dim;
      return { text: mark === "  " ? paint(shown) : colors.bold(paint(shown)), width: widthOf(shown) };
    });
    const more = runs.length > seen.length ? `${runs.length - seen.length} more` : "";
    const keys = runs.length > 0 ? KEYS : ["q quit"];
    for (const text of ["", ...inLines(stdout, [note, more, ...keys].filter(Boolean), columns)]) {
      lines.push({ text: colors.dim(text), width: widthOf(text) });
    }
    stdout.draw("", lines);
  }

  /** Erases the list. */
  clear(): void {
    this.#screen.stdout.draw("", []);
  }
}

/** Puts as many words on each line as fit. */
function inLines(writer: ScreenWriter, words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const longer = `${lines.at(-1)}  ${word}`;
    if (lines.length > 0 && widthOf(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(writer.fit(word, columns));
  }
  return lines;
}

/** Returns a header and one line per run, without colours. */
export function boardLines(writer: ScreenWriter, runs: readonly WatchedRun[], now: number, columns: number): string[] {
  if (runs.length === 0) return ["No run is in flight."];
  return table<WatchedRun>(
    [
      { title: "RUN", of: ({ runId }) => (runId ? shortId(runId) : "") },
      { title: "STATE", of: ({ state }) => (state === "starting" ? "starting" : STATE_WORDS[state]) },
      { title: "TIME", of: ({ since }) => duration(Math.floor((now - since) / 1000) * 1000).replace(/\.0s$/, "s") },
      { title: "FROM", of: ({ host }) => host, spare: 2 },
      { title: "AGENT", of: ({ agent }) => agent, min: 10, spare: 3 },
      { title: "STEP", of: ({ step }) => step ?? "", min: 6, spare: 1 },
      { title: "MESSAGE", of: ({ message }) => message ?? "", min: 6, spare: 4 },
    ],
    runs,
    { writer, columns, dim: (text) => text },
  ).map((line) => fitTo(line, columns));
}

/**
 * The text since a cursor, as much as there is room for. A cursor counts rows of the log. Within a row that is longer than the
 * room it also counts characters, so that the next look goes on inside the row and nothing is skipped.
 */
import { isHighSurrogate } from "../../support/clip.ts";
import { largestWhere } from "../../support/largest-where.ts";
import { Transcript } from "../run/transcript.ts";

/** A cursor is a whole number for hosts: the rows below this, and above it the characters of the next row. */
const ROWS = 100_000_000;

export interface Cursor {
  row: number;
  /** Characters of that row's text that are known. */
  within: number;
}

export function readCursor(cursor: number): Cursor {
  return { row: cursor % ROWS, within: Math.floor(cursor / ROWS) };
}

export interface Room {
  /** What is known; `rows` begin there. */
  since: Cursor;
  room: number;
  measure: (text: string) => number;
  /** Cleans the text of a row before it is cut: half a secret could not be recognised any more. */
  clean: (text: string) => string;
  /** Whether no more rows can come. */
  ended: boolean;
}

interface Since {
  text: string;
  cursor: number;
  /** Whether rows, or a part of one, were left. */
  more: boolean;
}

/** It does not end within a character: the other half is in a later row. */
export function textSince(rows: readonly unknown[], { since, room, measure, clean, ended }: Room): Since {
  const transcript = new Transcript();
  const pieces: { text: string; row: number }[] = [];
  let taken = rows.length;
  let used = 0;
  for (const [row, value] of rows.entries()) {
    const event = transcript.apply(value);
    if (event?.type !== "text") continue;
    const within = row === 0 ? since.within : 0;
    const text = within > 0 ? clean(event.text).slice(within) : event.text;
    used += measure(text);
    if (used > room && pieces.length === 0) {
      const rest = within > 0 ? text : clean(text);
      const part = rest.slice(0, fitting(rest, room, measure));
      const cursor = since.row + row + (within + part.length) * ROWS;
      if (part.length < rest.length) return { text: part, cursor, more: true };
    }
    if (used > room && pieces.length > 0) {
      taken = row;
      break;
    }
    pieces.push({ text, row });
  }
  const isWhole = taken === rows.length && ended;
  for (let last = pieces.at(-1); !isWhole && last && endsWithin(last.text); last = pieces.at(-1)) {
    if (pieces.length === 1 && taken !== rows.length) break;
    taken = last.row;
    pieces.pop();
  }
  const within = taken === 0 ? since.within * ROWS : 0;
  return {
    text: pieces.map(({ text }) => text).join(""),
    cursor: since.row + taken + within,
    more: taken < rows.length,
  };
}

/** Returns how many characters fit, at least one. */
function fitting(text: string, room: number, measure: (text: string) => number): number {
  const fits = largestWhere(text.length, (count) => measure(text.slice(0, count)) <= room);
  const end = endsWithin(text.slice(0, fits)) ? fits - 1 : fits;
  return end > 0 ? end : String.fromCodePoint(text.codePointAt(0) ?? 0).length;
}

function endsWithin(text: string): boolean {
  return isHighSurrogate(text.charCodeAt(text.length - 1));
}

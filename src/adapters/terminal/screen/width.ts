/** The width of text in columns. Text is measured once, from its beginning, and never beyond what fits. */
import { oneLine } from "./text.ts";

/** Two columns wide. The emoji among them are those that are shown as pictures without a variation selector. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;
/** Drawn over the character before it: accents, and the second and third letter of a Korean syllable. */
const ON_TOP = /^[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}\u1160-\u11ff]/u;
const REGIONAL_INDICATORS = [0x1f1e6, 0x1f1ff] as const;

/**
 * Characters of a row for each of its columns, at most. A column may have any number of accents; what is drawn may not.
 * The longest syllables of real scripts have fewer than this.
 */
const UNITS_PER_COLUMN = 16;

/** Returns how much of `text` may be looked at for a row of `columns` columns: what is beyond does not fit. */
function unitsOf(columns: number): number {
  return Math.max(0, columns) * UNITS_PER_COLUMN;
}

/** Returns the index up to which `text`, from `start` on, fits in `columns` columns, and the width of that part. */
export function measure(text: string, columns: number, start = 0): { end: number; width: number } {
  const last = Math.min(text.length, start + unitsOf(columns));
  let width = 0;
  let end = start;
  while (end < last) {
    const code = text.codePointAt(end) ?? 0;
    const next = width + columnsOfCharacter(code);
    if (next > columns) break;
    width = next;
    end += code > 0xffff ? 2 : 1;
  }
  return { end, width };
}

function columnsOfCharacter(code: number): 0 | 1 | 2 {
  if (code < 0x300) return 1;
  if (code >= REGIONAL_INDICATORS[0] && code <= REGIONAL_INDICATORS[1]) return 1; // two of them are one flag
  const character = String.fromCodePoint(code);
  if (ON_TOP.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Returns the width of `text`, which has no escape sequences and is not much longer than a row. */
export function widthOf(text: string): number {
  return measure(text, text.length * 2).width;
}

/** Returns `text` cut to at most `columns` columns, including the `…` that marks a cut. */
export function fitTo(text: string, columns: number): string {
  if (measure(text, columns).end === text.length) return text;
  return columns < 1 ? "" : `${text.slice(0, measure(text, columns - 1).end)}…`;
}

/** Returns foreign text on one line of at most `columns` columns. A text of any length costs no more than one of that width. */
export function lineOf(text: string, columns: number): string {
  const bound = unitsOf(columns);
  if (text.length <= bound) return fitTo(oneLine(text), columns);
  const line = oneLine(text.slice(0, bound));
  return columns < 1 ? "" : `${line.slice(0, measure(line, columns - 1).end)}…`;
}

/** Returns `text` filled with spaces to `columns` columns. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - measure(text, columns).width));
}

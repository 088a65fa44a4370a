/** Text for a screen. Foreign text may contain escape sequences, and none of them may reach a terminal. */
import { stripVTControlCharacters } from "node:util";

/** Everything below U+0020 except tab and line feed, delete, and the second block of control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the expression finds
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Characters that change what a person sees without being seen: direction marks, joiners, line separators. */
const INVISIBLE = /[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u00ad\u061c]/g;
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Returns foreign text without control characters and escape sequences; line breaks and tabs stay. */
export function printable(text: string): string {
  return stripVTControlCharacters(text.replaceAll("\r\n", "\n")).replace(CONTROLS, "");
}

/** Returns foreign text on one line, without control characters and escape sequences. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}

/** Returns text with its invisible characters written as `\u202e`: nothing may hide in a request for approval. */
export function escapeInvisible(text: string): string {
  const number = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return text.replace(CONTROLS, number).replace(INVISIBLE, number);
}

/** Returns the width in columns of `text`, which has no escape sequences. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Returns `text` cut to at most `columns` columns, including the `…` that marks a cut. */
export function fitTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  return columns < 1 ? "" : `${head(text, columns - 1)}…`;
}

/** Returns as much of the beginning of `text` as fits in `columns` columns. */
export function head(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const { segment, index } of graphemes.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > columns) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** Returns `text` filled with spaces to `columns` columns. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

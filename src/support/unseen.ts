/**
 * Characters that a person does not see, or that change the order in which others are seen: control characters, what Unicode
 * lets a font ignore (joiners, tags, variation selectors, fillers), direction marks, separators and annotation marks.
 */

/** The members of a character class, for an expression with the flag `v`. */
export const UNSEEN =
  "\\p{Cc}\\p{Default_Ignorable_Code_Point}\\p{Bidi_Control}\\p{Zl}\\p{Zp}\\u{fff9}-\\u{fffb}\\u{13430}-\\u{13455}";

/** Most text is plain, and this test is much faster than the others. */
const PLAIN = /^[\n\x20-\x7e]*$/;
/** What separates words, seen or not. */
const SEPARATORS = /[\s\p{Cc}]+/gu;
const NOT_SEEN = new RegExp(`[${UNSEEN}]+`, "gv");
const ONE_NOT_SEEN = new RegExp(`[${UNSEEN}]`, "gv");
/** Escapes that are put together at a time: a text of nothing else would otherwise be one long chain of them. */
const MAX_RUN = 64;
/** In an emoji, the selector of its coloured form and the joiners between its parts are seen. The group is what is not. */
const JOINED = "(?<=\\p{ExtPict})\\u{fe0f}|(?<=[\\p{ExtPict}\\p{Emoji_Modifier}\\u{fe0f}])\\u{200d}(?=\\p{ExtPict})";
const JOINED_OR_UNSEEN = new RegExp(`${JOINED}|([[${UNSEEN}]--[\\n\\t]]{1,${MAX_RUN}})`, "gv");
const UNSEEN_IN_JSON = new RegExp(`[[${UNSEEN}]--[\\n]]+`, "gv");

/** Returns JSON text with its unseen characters as `\u` escapes. Its value stays the same. */
export function escapeUnseenInJson(json: string): string {
  return PLAIN.test(json) ? json : json.replace(UNSEEN_IN_JSON, codeUnits);
}

/** Returns foreign text on one line, without what is not seen: hosts print it on terminals unchanged. */
export function onOneLine(text: string): string {
  return text.replace(SEPARATORS, " ").replace(NOT_SEEN, "").toWellFormed().trim();
}

/** Returns a text whose unseen characters are written as `\u{…}`. */
export function escapeUnseen(text: string): string {
  return text.replace(ONE_NOT_SEEN, escapeOf);
}

function escapeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/**
 * Returns a text of several lines, in which `mark` is put for the `\u{…}` escapes of what is not seen. Line breaks, tabs and what
 * joins the parts of an emoji stay.
 */
export function markUnseen(text: string, mark: (escapes: string) => string = (escapes) => escapes): string {
  if (PLAIN.test(text)) return text;
  const lines = text.replaceAll("\r\n", "\n").toWellFormed();
  return lines.replace(JOINED_OR_UNSEEN, (found, unseen?: string) =>
    unseen === undefined ? found : mark(escapesOf(unseen)),
  );
}

/** They are not searched for once more, which takes much longer. */
function escapesOf(unseen: string): string {
  let escapes = "";
  for (const character of unseen) escapes += escapeOf(character);
  return escapes;
}

/** Returns the `\u` escapes of a text: two for a character beyond U+FFFF. */
export function codeUnits(text: string): string {
  return Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}

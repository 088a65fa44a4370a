/**
 * Characters that a person does not see, or that change the order in which others are seen: control characters, what Unicode
 * lets a font ignore (joiners, tags, variation selectors, fillers), direction marks, separators and annotation marks.
 */

/** The members of a character class, for an expression with the flag `v`. */
export const UNSEEN =
  "\\p{Cc}\\p{Default_Ignorable_Code_Point}\\p{Bidi_Control}\\p{Zl}\\p{Zp}\\u{fff9}-\\u{fffb}\\u{13430}-\\u{13455}";

/** Most text is plain, and this test is much faster than the others. */
const PLAIN = /^[\n\x20-\x7e]*$/;
const UNSEEN_IN_JSON = new RegExp(`[[${UNSEEN}]--[\\n]]+`, "gv");

/** Returns JSON text with its unseen characters as `\u` escapes. Its value stays the same. */
export function escapeUnseenInJson(json: string): string {
  return PLAIN.test(json) ? json : json.replace(UNSEEN_IN_JSON, codeUnits);
}

/** Returns the `\u` escapes of a text: two for a character beyond U+FFFF. */
export function codeUnits(text: string): string {
  return Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}

/** Text from a parcel, made safe for an error message: bounded, and without characters that move a terminal's cursor. */
import { clipBytes } from "../support/clip.ts";

const MAX_QUOTED_BYTES = 160;
const MAX_MESSAGE_BYTES = 400;

/** Returns at most `maxBytes` of `text`, with control, format and line-separator characters shown as escapes. */
export function printable(text: string, maxBytes = MAX_MESSAGE_BYTES): string {
  return clipBytes(text.toWellFormed(), maxBytes).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Returns the same in double quotes. */
export function quoted(text: string): string {
  return `"${printable(text, MAX_QUOTED_BYTES)}"`;
}

/** Returns the first `max` names and how many more there are. */
export function listed(names: readonly string[], max = 8): string {
  const shown = names.slice(0, max).map((name) => printable(name, MAX_QUOTED_BYTES));
  const more = names.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

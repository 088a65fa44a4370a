/** Text from a parcel, made safe for an error message: bounded, and without characters that move a terminal's cursor. */
import { clipBytes } from "../support/clip.ts";
import { escapeUnseen } from "../support/unseen.ts";

const MAX_QUOTED_BYTES = 160;
const MAX_MESSAGE_BYTES = 400;

/** Returns at most `maxBytes` of `text`, with characters that are not seen shown as escapes. */
export function printable(text: string, maxBytes = MAX_MESSAGE_BYTES): string {
  return escapeUnseen(clipBytes(text.toWellFormed(), maxBytes));
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

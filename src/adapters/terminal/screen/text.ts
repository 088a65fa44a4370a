/**
 * What of foreign text may reach a terminal: its visible characters, line breaks and tabs. Every expression is linear: no match
 * runs past the place where the next one may begin.
 */
import { UNSEEN } from "../../../support/unseen.ts";

/** CSI; OSC, DCS, SOS, PM and APC with what they carry on their line; other escapes. Both as ESC and as one C1 character. */
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what the expression finds
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\n\x07\x1b\x90\x98-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g;
const REMOVED = new RegExp(`[[${UNSEEN}]--[\\t\\n]]+`, "gv");
/** Most text is plain, and this test is much faster than the others. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;

/** Returns foreign text without control characters, escape sequences and unseen characters; line breaks and tabs stay. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(SEQUENCES, "").replace(REMOVED, "").toWellFormed();
}

/** Returns foreign text on one line, otherwise like `printable`. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}

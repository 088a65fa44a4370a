/**
 * A request for approval as a person has to see it: exact and whole, because what is approved must have been visible. What
 * a screen would not show, or show as something else, is written as an escape, and every field keeps to its own lines.
 */
import { jsonLines } from "../../support/json-source.ts";
import { codeUnits } from "../../support/unseen.ts";
import type { ApprovalRequest } from "./checkpoint.ts";

/** Characters in a row after which they are counted: thousands of blanks would push the beginning off the screen. */
const MAX_RUN = 32;

/** Letters, digits, signs and symbols are seen. All else is hidden, or looks like a blank. */
const HIDDEN =
  "[[\\p{C}\\p{Z}\\p{Me}\\p{Default_Ignorable_Code_Point}\\u{2800}\\u{fffc}\\u{1d159}\\u{13441}\\u{13442}]--[\\u{20}]]";
/** Marks that go with letters of any kind lie over them, or make of them what also is a character of its own. */
const LOOSE_MARK = "[[\\p{M}&&\\p{Script=Inherited}]--\\p{Script_Extensions=Arabic}]";
/** Other marks are at home on letters of their own script; elsewhere they may not be drawn at all. */
const AT_HOME = "[\\p{L}--[\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{Script=Common}]]\\p{M}{0,8}";
/** Parts of syllables, which are drawn as the syllable. */
const JAMO = "[\\u{1100}-\\u{11ff}\\u{a960}-\\u{a97f}\\u{d7b0}-\\u{d7ff}]";
const HIDDEN_CHARACTERS = new RegExp(`${HIDDEN}|${LOOSE_MARK}|${JAMO}|(?<!${AT_HOME})\\p{M}|\\p{M}{9,}`, "gv");
const BEYOND_ASCII = /\P{ASCII}/gu;
const BLANK = "[\\s\\p{Z}\\u{2800}\\u{13441}\\u{13442}\\u{3164}\\u{115f}\\u{1160}\\u{ffa0}]";
const RUNS = new RegExp(`${BLANK}{${MAX_RUN},}|(.)\\1{${MAX_RUN - 1},}`, "gsv");

/** What JSON itself escapes and a person does not read: `\n` and `\t` mean something to everybody. */
const CONTROLS = /(?![\n\t])\p{Cc}/u;

/** Fields of one line, and the arguments on as many as they need. */
export interface ApprovalText {
  tool: string;
  reason?: string;
  args: readonly string[];
  /** The lasting permission that is offered. */
  lease?: readonly string[];
}

export function approvalText({ tool, reason, argsText, lease }: ApprovalRequest): ApprovalText {
  return {
    tool: visibleText(tool),
    ...(reason === undefined ? {} : { reason: visibleText(reason) }),
    args: argsText === undefined ? ["(none)"] : jsonLines(argsText, visibleString),
    ...(lease === undefined ? {} : { lease: jsonLines(lease, visibleString) }),
  };
}

/** Returns the text of a request as lines that all have a name or are indented below one. */
export function approvalLines(request: ApprovalRequest): string[] {
  const { tool, reason, args, lease } = approvalText(request);
  return [
    `tool    ${tool}`,
    ...(reason === undefined ? [] : [`reason  ${reason}`]),
    ...named("args", args),
    ...named("lease", lease ?? []),
  ];
}

/** Returns the lines with the name in front of the first one. */
function named(name: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => (index === 0 ? name : "").padEnd(8) + line);
}

/** Whether the lines of a request show its text as it is: no part is written as an escape or counted. */
export function isPlainlyShown({ tool, reason, argsText, lease }: ApprovalRequest): boolean {
  let plain = [tool, ...(reason === undefined ? [] : [reason])].every((text) => visibleText(text) === text);
  const judge = (text: string) => {
    const shown = visibleString(text);
    plain &&= shown === JSON.stringify(text) && !CONTROLS.test(text);
    return shown;
  };
  for (const json of [argsText, lease]) if (json !== undefined) jsonLines(json, judge);
  return plain;
}

/** Returns a text on one line: as it is when all of it can be seen, otherwise as a JSON string with escapes. */
export function visibleText(text: string): string {
  const shown = visibleString(text);
  return shown === `"${text}"` && text.trim() === text && text !== "" ? text : shown;
}

/** Returns a JSON string. `\[40 times "="]` stands for a run; it cannot be in the text, where a backslash is doubled. */
function visibleString(text: string): string {
  let shown = "";
  let at = 0;
  for (const run of text.matchAll(RUNS)) {
    shown += escaped(text.slice(at, run.index)) + runText(run[0], run[1]);
    at = run.index + run[0].length;
  }
  return `"${shown}${escaped(text.slice(at))}"`;
}

function runText(run: string, character: string | undefined): string {
  const [first = ""] = run;
  const repeated = character ?? (run === first.repeat(run.length) ? first : undefined);
  if (repeated === undefined) return `\\[${run.length} blanks]`;
  if (repeated === " ") return `\\[${run.length} spaces]`;
  return `\\[${run.length / repeated.length} times "${escaped(repeated)}"]`;
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1).replace(HIDDEN_CHARACTERS, codeUnits).replace(BEYOND_ASCII, unlessOther);
}

/** Some characters are another one to Unicode, and look like it: U+037E is a semicolon. */
function unlessOther(character: string): string {
  return character.normalize("NFC") === character ? character : codeUnits(character);
}

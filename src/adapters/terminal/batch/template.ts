/** Prompts made from rows: `{column}` stands for what the row has there, `{{column}}` for `{column}` itself. */
import { clipCharacters } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { onOneLine } from "../../../support/unseen.ts";
import type { Row } from "./batch-result.ts";

/** Anything in one pair of braces, or in two. */
const BRACES = /\{(\{[^{}]+\})\}|\{([^{}]+)\}/gu;
/** What a person would call a column: in braces it is one, whether or not the row has it. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_ .-]*$/u;
const MAX_SHOWN = 200;
const PROMPT_COLUMN = "prompt";

/** Returns the prompt of a row. `number`: from 1, for the message. Throws `invalid_input`. */
export function promptOfRow(template: string | undefined, row: Row, number: number): string {
  const prompt = template === undefined ? row[PROMPT_COLUMN] : fill(template, row, number);
  if (typeof prompt === "string" && prompt.trim() !== "") return prompt;
  const refuse = (what: string) => new ExecutionFailure("invalid_input", `row ${number} has ${what}`);
  const others = `its columns are ${columns(row)}. Make prompts of them with --template 'Summarise {column}'`;
  if (template === undefined && !Object.hasOwn(row, PROMPT_COLUMN))
    throw refuse(`no column "${PROMPT_COLUMN}"; ${others}`);
  if (typeof prompt === "string") throw refuse("an empty prompt; every row needs one");
  throw refuse(`a prompt that is no text; put it in quotes, or write --template '{${PROMPT_COLUMN}}'`);
}

/** Whether something of the row, or something that should be one of its columns, stands in the template. */
export function namesColumn(template: string, row: Row): boolean {
  return [...template.matchAll(BRACES)].some(([, , column = ""]) => isColumn(column, row));
}

/** The row knows its columns, whatever characters they have. Other braces, as those of JSON or of code, are left as they are. */
function isColumn(word: string, row: Row): boolean {
  return Object.hasOwn(row, word) || NAME.test(word);
}

function fill(template: string, row: Row, number: number): string {
  return template.replace(BRACES, (whole, itself: string | undefined, column = "") => {
    if (itself !== undefined) return isColumn(itself.slice(1, -1), row) ? itself : whole;
    if (Object.hasOwn(row, column)) return textOf(row[column]);
    if (!isColumn(column, row)) return whole;
    const shown = clipCharacters(onOneLine(column), MAX_SHOWN, "…");
    throw new ExecutionFailure(
      "invalid_input",
      `row ${number} has no column "${shown}"; its columns are ${columns(row)}. For the word in braces itself write {{${shown}}}`,
    );
  });
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

function columns(row: Row): string {
  return clipCharacters(onOneLine(Object.keys(row).join(", ")), MAX_SHOWN, "…") || "none";
}

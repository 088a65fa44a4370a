/** Prompts made from rows: `{column}` stands for what the row has there, `{{column}}` for `{column}` itself. */
import { clipCharacters } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { onOneLine } from "../../../support/unseen.ts";
import type { Row } from "./batch-result.ts";

/** What a person would call a column. Other braces, as those of JSON or of code, are left as they are. */
const PLACE = /\{(\{[\p{L}\p{N}_][\p{L}\p{N}_ .-]*\})\}|\{([\p{L}\p{N}_][\p{L}\p{N}_ .-]*)\}/gu;
const MAX_SHOWN = 200;
const PROMPT_COLUMN = "prompt";

/** Returns the prompt of a row. `number`: from 1, for the message. Throws `invalid_input`. */
export function promptOfRow(template: string | undefined, row: Row, number: number): string {
  const prompt = template === undefined ? row[PROMPT_COLUMN] : fill(template, row, number);
  if (typeof prompt === "string" && prompt.trim() !== "") return prompt;
  const why = template === undefined && prompt === undefined ? `no column "${PROMPT_COLUMN}"` : "an empty prompt";
  throw new ExecutionFailure(
    "invalid_input",
    `row ${number} has ${why}; ${template === undefined ? `its columns are ${columns(row)}. Make prompts of them with --template 'Summarise {column}'` : "every row needs one"}`,
  );
}

function fill(template: string, row: Row, number: number): string {
  return template.replace(PLACE, (_, itself: string | undefined, column = "") => {
    if (itself !== undefined) return itself;
    if (Object.hasOwn(row, column)) return textOf(row[column]);
    throw new ExecutionFailure(
      "invalid_input",
      `row ${number} has no column "${clipCharacters(onOneLine(column), MAX_SHOWN, "…")}"; its columns are ${columns(row)}. For the word in braces itself write {{${clipCharacters(onOneLine(column), MAX_SHOWN, "…")}}}`,
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

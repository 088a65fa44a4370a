/** Reads the rows of a batch: JSON lines, or a CSV table whose first line names its columns. */
import { extname } from "node:path";
import { clipCharacters } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { isObject, parseJson } from "../../../support/objects.ts";
import { readPlainFile, textOf } from "../../../support/plain-file.ts";
import { onOneLine } from "../../../support/unseen.ts";
import { refuseChanged } from "../screen/kept-json.ts";
import { readStdin } from "../screen/read-stdin.ts";
import type { Screen } from "../screen/screen.ts";
import type { Row } from "./batch-result.ts";

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ROWS = 100_000;
const MAX_SHOWN = 100;
/** What other programs write between columns where a comma is a decimal point, with their names. */
const OTHER_SEPARATORS = [
  [";", "semicolons"],
  ["\t", "tabs"],
] as const;

/**
 * `source`: a path, or `-` for stdin, which holds JSON if it begins as that. Rejects with `invalid_input`, naming the line, for
 * what cannot be kept as it is: nothing of a row may be lost before it costs money.
 */
export async function readRows(screen: Pick<Screen, "stdin">, source: string): Promise<Row[]> {
  const text = source === "-" ? await readStdin(screen, MAX_BYTES) : await textAt(source);
  const isCsv = source === "-" ? !/^\s*[{[]/.test(text) : extname(source).toLowerCase() === ".csv";
  const rows = isCsv ? await csvRows(text, nameOf(source)) : jsonRows(text, nameOf(source));
  if (rows.length === 0) throw new ExecutionFailure("invalid_input", `${nameOf(source)} has no rows`);
  if (rows.length > MAX_ROWS) {
    throw new ExecutionFailure(
      "invalid_input",
      `${nameOf(source)} has ${rows.length} rows; a batch has at most ${MAX_ROWS}`,
    );
  }
  return rows;
}

const nameOf = (source: string) => (source === "-" ? "stdin" : source);

async function textAt(path: string): Promise<string> {
  const file = await readPlainFile(path, MAX_BYTES);
  if (file) return textOf(path, file.bytes);
  throw new ExecutionFailure("invalid_input", `${path} does not exist; give a .jsonl or .csv file, or - for stdin`);
}

function jsonRows(text: string, name: string): Row[] {
  if (text.trimStart().startsWith("[")) {
    throw new ExecutionFailure(
      "invalid_input",
      `${name} is a JSON list; write its objects one a line, as jq -c '.[]' does`,
    );
  }
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const value = parseJson(line);
    if (isObject(value)) {
      refuseChanged(line, value, `line ${index + 1} of ${name}`);
      return [value];
    }
    throw new ExecutionFailure(
      "invalid_input",
      `line ${index + 1} of ${name} is not a JSON object; write one a line, such as {"prompt": "What to do"}`,
    );
  });
}

async function csvRows(text: string, name: string): Promise<Row[]> {
  const { CsvError, parse } = await import("csv-parse/sync");
  const columns = (names: readonly string[]) => checkedColumns(names, name);
  try {
    const table: Row[] = parse(text, { bom: true, columns, skip_empty_lines: true });
    return table;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ExecutionFailure("invalid_input", `${name} cannot be read as CSV: ${error.message}`, { cause: error });
  }
}

/** Throws for names of which a row would keep fewer than the table has, and for those that are one only to us. */
function checkedColumns(names: readonly string[], name: string): string[] {
  const refuse = (why: string) => new ExecutionFailure("invalid_input", `${name} has ${why}`);
  const seen = new Set<string>();
  const twice = names.find((column) => seen.size === seen.add(column).size);
  if (twice !== undefined)
    throw refuse(`two columns "${clipCharacters(onOneLine(twice), MAX_SHOWN, "…")}"; give one another name`);
  const [only = ""] = names;
  const separator = names.length === 1 && OTHER_SEPARATORS.find(([sign]) => only.includes(sign));
  if (separator) throw refuse(`its columns between ${separator[1]}; save it with commas`);
  return [...names];
}

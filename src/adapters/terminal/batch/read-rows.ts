/** Reads the rows of a batch: JSON lines, or a CSV table whose first line names its columns. */
import { extname } from "node:path";
import { ExecutionFailure } from "../../../support/failure.ts";
import { parseJson } from "../../../support/objects.ts";
import { readPlainFile, textOf } from "../../../support/plain-file.ts";
import { readStdin } from "../screen/read-stdin.ts";
import type { Screen } from "../screen/screen.ts";
import type { Row } from "./batch-result.ts";

const MAX_BYTES = 256 * 1024 * 1024;
const MAX_ROWS = 100_000;

/** `source`: a path, or `-` for stdin, which holds JSON lines if it begins with one. Rejects with `invalid_input`, naming the line. */
export async function readRows(screen: Pick<Screen, "stdin">, source: string): Promise<Row[]> {
  const text = source === "-" ? await readStdin(screen, MAX_BYTES) : await textAt(source);
  const isCsv = source === "-" ? !text.trimStart().startsWith("{") : extname(source).toLowerCase() === ".csv";
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
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const value = parseJson(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return [value as Row];
    throw new ExecutionFailure(
      "invalid_input",
      `line ${index + 1} of ${name} is not a JSON object; write one a line, such as {"prompt": "What to do"}`,
    );
  });
}

async function csvRows(text: string, name: string): Promise<Row[]> {
  const { CsvError, parse } = await import("csv-parse/sync");
  try {
    const table: Row[] = parse(text, { bom: true, columns: true, skip_empty_lines: true });
    return table;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ExecutionFailure("invalid_input", `${name} cannot be read as CSV: ${error.message}`, { cause: error });
  }
}

/** How Roder's host splits a child's bytes into lines, and which lines it parses as JSON. */

/** A longer line is read in slices of this size, each treated as a line. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 127;
const NEWLINE = 0x0a;
/** What Rust's `trim` removes. Unlike JavaScript's, it keeps a byte order mark. */
const BLANK_ENDS = /^\p{White_Space}+|\p{White_Space}+$/gu;

export class InvalidUtf8 extends Error {}

/** Yields lines, or slices of lines. Throws `InvalidUtf8` at a slice that is not UTF-8, where the host's reader ends. */
export async function* readLines(read: () => Promise<Buffer | undefined>): AsyncGenerator<string, void, void> {
  let rest: Buffer[] = [];
  let size = 0;
  for (let bytes = await read(); bytes; bytes = await read()) {
    for (;;) {
      const newline = bytes.indexOf(NEWLINE);
      const room = MAX_LINE_BYTES - size;
      const end = newline >= 0 && newline < room ? newline + 1 : room;
      if (bytes.length < end) break;
      yield textOf(Buffer.concat([...rest, bytes.subarray(0, end)]));
      rest = [];
      size = 0;
      bytes = bytes.subarray(end);
    }
    rest.push(bytes);
    size += bytes.length;
  }
  if (size > 0) yield textOf(Buffer.concat(rest));
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(BLANK_ENDS, "");
  } catch {
    throw new InvalidUtf8("stream did not contain valid UTF-8");
  }
}

/** Returns the value that serde_json reads from a line; undefined when it rejects the line. */
export function parseLine(line: string): unknown {
  if (/\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])/.test(line)) return undefined; // a lone surrogate
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isReadable(value, 1) ? value : undefined;
}

function isReadable(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return depth <= MAX_DEPTH && Object.values(value).every((inner) => isReadable(inner, depth + 1));
}

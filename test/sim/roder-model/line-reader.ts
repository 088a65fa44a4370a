/** How Roder's host cuts the bytes of a child into lines, and what of them it takes for JSON. */

/** A longer line is read in slices of this size, each as if it were a line. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const MAX_DEPTH = 127;
const NEWLINE = 0x0a;
/** What Rust trims; unlike here, a byte order mark is not among it. */
const BLANK_ENDS = /^\p{White_Space}+|\p{White_Space}+$/gu;

export class InvalidUtf8 extends Error {}

/** The lines, or slices of lines. Throws `BrokenText` where a slice is not UTF-8: the host's reader ends there for good. */
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

/** What serde_json reads from a line; undefined for what it refuses. */
export function parseLine(line: string): unknown {
  if (/\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])/.test(line)) return undefined; // half a character
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

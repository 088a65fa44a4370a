/** Keeps what the host must not lose below the size of one line. */

/**
 * Largest object we put into one line, in bytes of its JSON. The host drops a line above 4 MiB, and with it a terminal
 * event, without a word; the line as a whole is to stay below 1 MiB, and the envelope, escapes and redaction need room.
 */
export const MAX_OBJECT_BYTES = 900 * 1024;

/** The first of the variants, ordered from the whole to the least, that is small enough; the last one if none is. */
export function firstFitting<T extends object>(
  variants: readonly (() => T)[],
  maxBytes = MAX_OBJECT_BYTES,
): T | undefined {
  let made: T | undefined;
  for (const variant of variants) {
    made = variant();
    if (wireBytes(made) <= maxBytes) break;
  }
  return made;
}

/** The start of `text` whose JSON form takes at most `maxBytes`, on a character boundary, with a mark where it was cut. */
export function clipToWire(text: string, maxBytes: number, mark = "...[truncated]"): string {
  if (wireBytes(text) <= maxBytes) return text;
  let low = 0;
  let high = Math.min(text.length, maxBytes);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (wireBytes(text.slice(0, middle)) + mark.length <= maxBytes) low = middle;
    else high = middle - 1;
  }
  return (
    text
      .slice(0, low)
      .toWellFormed()
      .replace(/\uFFFD$/, "") + mark
  );
}

function wireBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

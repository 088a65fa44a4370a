/** Keeps messages that the host must not lose within the size of one line. */
import { largestWhere } from "../../../support/largest-where.ts";

/**
 * Largest object in one line, in bytes of its JSON. The host silently drops a line above 4 MiB, and with it a terminal
 * event. Our own limit is 1 MiB for the whole line; envelope, escapes and redaction need the difference.
 */
export const MAX_OBJECT_BYTES = 900 * 1024;

/** Returns the first variant that is small enough, or the last one. Order them from the largest to the smallest. */
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

/** Returns `text`, or as much of its start as takes at most `maxBytes` as JSON, cut between characters, and `mark`. */
export function clipToWire(text: string, maxBytes: number, mark = "...[truncated]"): string {
  if (wireBytes(text) <= maxBytes) return text;
  const fits = (count: number) => wireBytes(text.slice(0, count)) + mark.length <= maxBytes;
  return (
    text
      .slice(0, largestWhere(Math.min(text.length, maxBytes), fits))
      .toWellFormed()
      .replace(/\uFFFD$/, "") + mark
  );
}

function wireBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * Shortens and splits text without cutting a character in two. Sizes in bytes are those of the UTF-8 encoding. A text that was
 * cut is a copy: a slice would keep all of the original in memory.
 */

/** Returns the first `maxBytes` bytes of `text`, cut at a character boundary. A cut text ends in `mark`, if that fits. */
export function clipBytes(text: string, maxBytes: number, mark = "…"): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const markBytes = Buffer.byteLength(mark);
  const tail = markBytes <= maxBytes ? mark : "";
  const room = Buffer.allocUnsafe(maxBytes - (tail ? markBytes : 0));
  return ownCopy(text.slice(0, fitting(text, 0, room))) + tail;
}

/** Returns the first `max` Unicode characters of `text`. A cut text ends in `mark`, which is counted. */
export function clipCharacters(text: string, max: number, mark = "...[truncated]"): string {
  if (endOf(text, max) >= text.length) return text;
  const marks = Array.from(mark).slice(0, max);
  return ownCopy(text.slice(0, endOf(text, max - marks.length))) + marks.join("");
}

/** Yields `text` in pieces of at most `maxBytes` bytes (at least 4, the longest character), cut at character boundaries. */
export function* splitBytes(text: string, maxBytes: number): Generator<string, void, void> {
  const room = Buffer.allocUnsafe(Math.max(4, Math.min(maxBytes, text.length * 3)));
  for (let start = 0; start < text.length; ) {
    const end = start + fitting(text, start, room);
    yield text.slice(start, end);
    start = end;
  }
}

/** Copies the characters: a slice keeps the whole string it was cut from in memory. */
export function ownCopy(slice: string): string {
  return Buffer.from(slice, "utf16le").toString("utf16le");
}

const encoder = new TextEncoder();

/** Returns how many UTF-16 units of `text`, from `start` on, fit into `room` without cutting a character. */
function fitting(text: string, start: number, room: Uint8Array): number {
  // Each unit takes at least one byte, so a pair that this slice cuts in two does not fit anyway.
  return encoder.encodeInto(text.slice(start, start + room.byteLength), room).read;
}

/** Returns the index after the first `count` characters. */
function endOf(text: string, count: number): number {
  let index = 0;
  for (let left = count; left > 0 && index < text.length; left -= 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return index;
}

/** Whether `code` is the first half of a surrogate pair, so that a text that ends with it is cut inside a character. */
export function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

const MAX_QUOTED_CHARACTERS = 80;

/** Returns a foreign word in quotes for an error message, shortened and with escapes. */
export function quotedWord(word: string): string {
  return JSON.stringify(clipCharacters(word, MAX_QUOTED_CHARACTERS, "…"));
}

/** Shortens and splits text without cutting a character in two. Sizes in bytes are those of the UTF-8 encoding. */

/** The first `maxBytes` bytes of `text`, on a character boundary, with `mark` (counted) where something was cut. */
export function clipBytes(text: string, maxBytes: number, mark = "…"): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const room = Math.max(0, maxBytes - Buffer.byteLength(mark));
  const bytes = Buffer.from(text.slice(0, room), "utf8").subarray(0, room);
  let end = bytes.length;
  while (end > 0 && ((bytes[end - 1] as number) & 0xc0) === 0x80) end -= 1;
  // `end - 1` is the lead byte of the last character; keep it only if all of it is there.
  const lead = end > 0 ? (bytes[end - 1] as number) : 0;
  const width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  const whole = end - 1 + width <= bytes.length ? end - 1 + width : end - 1;
  return bytes.subarray(0, Math.max(0, whole)).toString("utf8") + mark;
}

/** The first `max` Unicode characters of `text`, `mark` included in the count when something was cut. */
export function clipCharacters(text: string, max: number, mark = "...[truncated]"): string {
  if (text.length <= max) return text;
  const characters = Array.from(text);
  if (characters.length <= max) return text;
  const marks = Array.from(mark);
  return characters.slice(0, Math.max(0, max - marks.length)).join("") + marks.slice(0, max).join("");
}

/** `text` in pieces of at most `maxBytes` bytes each, never inside a character. */
export function* splitBytes(text: string, maxBytes: number): Generator<string, void, void> {
  let start = 0;
  while (start < text.length) {
    let end = Math.min(text.length, start + maxBytes);
    while (Buffer.byteLength(text.slice(start, end)) > maxBytes)
      end = start + Math.max(1, Math.floor((end - start) / 2));
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) && end - 1 > start) end -= 1;
    yield text.slice(start, end);
    start = end;
  }
}

/** Whether `code` is the first half of an astral character, so that text ending in it is not whole yet. */
export function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

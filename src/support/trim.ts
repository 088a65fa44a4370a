/** Removes characters from the ends of a text. An expression such as `/x+$/` would start again at every `x` of a long text. */

/** Returns `text` without the characters at its end that are among `removed`. */
export function withoutEnd(text: string, removed: string): string {
  let end = text.length;
  while (end > 0 && removed.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** Returns `text` without the characters at both ends that are among `removed`. */
export function trimmed(text: string, removed: string): string {
  let start = 0;
  while (start < text.length && removed.includes(text.charAt(start))) start += 1;
  return withoutEnd(text.slice(start), removed);
}

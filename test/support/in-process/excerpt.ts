/** Long texts in the report of a problem. */
const LONGEST_CHARS = 120;
const SHOWN_CHARS = 100;
const DIFFERENCE_CHARS = 40;

/** Returns the value as a quoted text, cut to 100 characters with its length when it is longer than 120. */
export function excerpt(value: unknown): string {
  const text = String(value);
  if (text.length <= LONGEST_CHARS) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, SHOWN_CHARS))}… (${text.length})`;
}

/** Returns where two texts begin to differ, with what each has there. */
export function firstDifference(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const shown = (text: string) => JSON.stringify(text.slice(at, at + DIFFERENCE_CHARS));
  return `; they differ at ${at}: ${shown(a)} / ${shown(b)}`;
}

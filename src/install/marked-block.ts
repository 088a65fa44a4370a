/** A block of ours in a person's file, between two comments, so that it can be replaced and taken back and nothing else is touched. */

export interface Marks {
  /** First line. */
  open: string;
  /** Beginning of the last line. */
  close: string;
}

interface Range {
  start: number;
  /** Behind the line break of the last line. */
  end: number;
}

export function hasBlock(text: string, marks: Marks): boolean {
  return rangeIn(text, marks) !== undefined;
}

/** Returns the text with `content` in the block, in the place of an earlier one or at the end. */
export function withBlock(text: string, marks: Marks, content: string): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const block = [marks.open, ...content.split("\n"), marks.close].join(newline) + newline;
  const own = rangeIn(text, marks);
  if (own) return text.slice(0, own.start) + block + text.slice(own.end);
  // One line break in any case: a blank line, or the end of a last line that had none. `withoutBlock` removes it.
  return text + (text === "" ? "" : newline) + block;
}

/** Returns the text without the block; undefined where there is none. */
export function withoutBlock(text: string, marks: Marks): string | undefined {
  const own = rangeIn(text, marks);
  return own && text.slice(0, own.start).replace(/\r?\n$/, "") + text.slice(own.end);
}

function rangeIn(text: string, { open, close: last }: Marks): Range | undefined {
  const start = text.indexOf(open);
  const close = start < 0 ? -1 : text.indexOf(last, start);
  if (close < 0) return undefined;
  const end = text.indexOf("\n", close);
  return { start, end: end < 0 ? text.length : end + 1 };
}

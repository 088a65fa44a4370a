/** Changes one element of an array in JSON text and leaves every other byte as it is. */

export interface Span {
  start: number;
  end: number;
}

export interface ArrayPlace {
  /** Just behind the opening bracket, and at the closing one. */
  inside: Span;
  elements: Span[];
}

/** Where the array under the top-level member `name` is. `text` must be valid JSON; undefined when there is none. */
export function findArray(text: string, name: string): ArrayPlace | undefined {
  let at = skipSpace(text, 0);
  if (text[at] !== "{") return undefined;
  at = skipSpace(text, at + 1);
  while (text[at] === '"') {
    const keyEnd = skipValue(text, at);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    if (JSON.parse(text.slice(at, keyEnd)) === name && text[valueStart] === "[") return readArray(text, valueStart);
    at = skipSpace(text, skipValue(text, valueStart));
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return undefined;
}

/** `text` with `value` in place of an element, or behind the last one. */
export function putElement(text: string, place: ArrayPlace, index: number | undefined, value: unknown): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const neighbour = place.elements[index ?? place.elements.length - 1] ?? {
    start: place.inside.start,
    end: place.inside.start,
  };
  const lead = leadOf(text, neighbour.start);
  const first = place.elements.length === 0;
  const multiline = first || lead.newline;
  const margin = first ? `${lead.margin}  ` : lead.margin;
  const json = multiline ? indented(value, margin, newline) : JSON.stringify(value);
  if (index !== undefined) return text.slice(0, neighbour.start) + json + text.slice(neighbour.end);
  if (first)
    return `${text.slice(0, place.inside.start)}${newline}${margin}${json}${newline}${lead.margin}${text.slice(place.inside.end)}`;
  return `${text.slice(0, neighbour.end)},${multiline ? newline + margin : " "}${json}${text.slice(neighbour.end)}`;
}

export function removeElement(text: string, { inside, elements }: ArrayPlace, index: number): string {
  const own = elements[index];
  if (!own) return text;
  const before = elements[index - 1];
  const after = elements[index + 1];
  if (before) return text.slice(0, before.end) + text.slice(own.end);
  if (after) return text.slice(0, own.start) + text.slice(after.start);
  return text.slice(0, inside.start) + text.slice(inside.end);
}

/** How the line of `at` begins, and whether the element is the first thing on it. */
function leadOf(text: string, at: number): { margin: string; newline: boolean } {
  const line = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  const margin = /^[ \t]*/.exec(line)?.[0] ?? "";
  return { margin, newline: margin === line };
}

function indented(value: unknown, margin: string, newline: string): string {
  return JSON.stringify(value, null, 2)
    .split("\n")
    .join(newline + margin);
}

function readArray(text: string, open: number): ArrayPlace {
  const elements: Span[] = [];
  let at = skipSpace(text, open + 1);
  while (text[at] !== "]" && at < text.length) {
    const end = skipValue(text, at);
    elements.push({ start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return { inside: { start: open + 1, end: at }, elements };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at += 1;
  return at;
}

/** Behind the value that begins at `from`. */
function skipValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (character === '"') {
      at += 1;
      while (text[at] !== '"' && at < text.length) at += text[at] === "\\" ? 2 : 1;
    } else if ("[{".includes(character)) depth += 1;
    else if ("]}".includes(character)) depth -= 1;
    else if (depth === 0) {
      const literal = /^[^\s,\]}]+/.exec(text.slice(at))?.[0] ?? " ";
      return at + literal.length;
    }
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}

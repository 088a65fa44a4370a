/**
 * JSON as it was written. Parsing loses what a person may have to see exactly: the digits of a long number, and a member
 * that is there twice. Everything here takes text that `JSON.parse` accepts, and takes linear time.
 */
import { endOfString } from "./json-string.ts";
import { isObject } from "./objects.ts";

/** One member of an object, or one item of a list (without a name). */
interface Part {
  name: string | undefined;
  source: string;
}

interface Token {
  /** A bracket, a comma, a colon, a string, or a number or word. */
  text: string;
  start: number;
  end: number;
}

/** Levels that begin on a line of their own. Below, an indented text would be much larger than its source. */
const MAX_INDENTED_LEVELS = 16;

/** A value that is written as its source by `stringifyExactly`, and as its value by `JSON.stringify`. */
export class JsonSource {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get text(): string {
    return this.#text;
  }

  toJSON(): unknown {
    return JSON.parse(this.#text);
  }
}

/** Returns the JSON of plain data, in which each `JsonSource` is its source. */
export function stringifyExactly(value: unknown): string {
  if (value instanceof JsonSource) return value.text;
  if (Array.isArray(value)) return `[${value.map(stringifyExactly).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${stringifyExactly(member)}`).join(",")}}`;
}

/** Returns the source of the member `name` of an object. Of several, the last one, as `JSON.parse` does. */
export function memberSource(source: string | undefined, name: string): string | undefined {
  return source === undefined ? undefined : partsOf(source).findLast((part) => part.name === name)?.source;
}

/** Returns the sources of the items of a list. */
export function itemSources(source: string | undefined): string[] {
  return source === undefined ? [] : partsOf(source).map((part) => part.source);
}

const LONG = /[0-9]{16}|[0-9][eE]/;

/**
 * Returns a number of the JSON that parsing makes another one, or none: an id of more digits than a number keeps. Digits behind
 * the point are precision, and may be lost.
 */
export function changedNumber(source: string): { written: string; becomes: string } | undefined {
  if (!LONG.test(source)) return undefined; // most need no closer look
  for (const { text } of tokensOf(source)) {
    if (text.startsWith('"') || !LONG.test(text)) continue;
    const becomes = JSON.stringify(Number(text));
    if (becomes === "null" || (/^-?[0-9]+$/.test(text) && !isSame(text, becomes))) return { written: text, becomes };
  }
  return undefined;
}

function isSame(digits: string, becomes: string): boolean {
  const isWhole = /^-?[0-9]+$/.test(becomes); // 1e+21 is not
  return BigInt(digits) === BigInt(isWhole ? becomes : Number(digits));
}

/** Returns JSON on indented lines. Numbers stay as they were written; `show` gets the value of each string and quotes it. */
export function jsonLines(source: string, show: (value: string) => string): string[] {
  const lines: string[] = [];
  let line = "";
  let depth = 0;
  let before = "";
  const next = () => {
    if (depth > MAX_INDENTED_LEVELS) return;
    lines.push(line.trimEnd());
    line = "  ".repeat(depth);
  };
  for (const { text } of tokensOf(source)) {
    const closes = text === "}" || text === "]";
    if (closes) depth -= 1;
    if (before === "{" || before === "[" ? !closes : closes) next();
    else if (before === ",") next();
    if (text === ":") line += ": ";
    else if (text === ",") line += depth > MAX_INDENTED_LEVELS ? ", " : ",";
    else line += text.startsWith('"') ? show(JSON.parse(text)) : text;
    if (text === "{" || text === "[") depth += 1;
    before = text;
  }
  return [...lines, line];
}

function partsOf(source: string): Part[] {
  const parts: Part[] = [];
  let depth = 0;
  let name: string | undefined;
  let start = -1;
  let end = -1;
  const take = () => {
    if (start >= 0) parts.push({ name, source: source.slice(start, end) });
    name = undefined;
    start = -1;
  };
  for (const token of tokensOf(source)) {
    const closes = token.text === "}" || token.text === "]";
    if (closes) depth -= 1;
    if (closes && depth === 0) take();
    else if (depth === 1 && token.text === ",") take();
    else if (depth === 1 && token.text === ":") {
      name = JSON.parse(source.slice(start, end));
      start = -1;
    } else if (depth > 0) {
      if (start < 0) start = token.start;
      end = token.end;
    }
    if (token.text === "{" || token.text === "[") depth += 1;
  }
  return parts;
}

function* tokensOf(source: string): Generator<Token, void, void> {
  const token = /[{}[\],:"]|[^\s{}[\],:"]+/g;
  for (let match = token.exec(source); match; match = token.exec(source)) {
    const start = match.index;
    if (match[0] === '"') token.lastIndex = endOfString(source, start);
    yield { text: source.slice(start, token.lastIndex), start, end: token.lastIndex };
  }
}

/** Parses JSON without exceptions, and narrows unknown values to objects. */
import { hasTooManyValues } from "./json-weight.ts";

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns what a table has under a foreign word. Every object has a `constructor` and a `toString`, which no table means. */
export function lookUp<T>(table: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** Returns the value of a JSON text; undefined when it is not JSON, or has more values than anything that is meant. */
export function parseJson(text: string): unknown {
  if (hasTooManyValues(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `JSON.parse` has no limit of levels. `JSON.stringify` has one, of some thousands, that depends on where it is called. */
const MAX_LEVELS = 1_000;
const TOO_DEEP = "[nested too deeply to be shown]";

/** Returns the value; a note in its place where it is nested more deeply than can be relied on to be written. */
export function writable(value: unknown): unknown {
  return isTooDeep(value) ? TOO_DEEP : value;
}

/** Whether the value is nested more deeply than can be relied on to be written. */
export function isTooDeep(value: unknown): boolean {
  return isDeeperThan(MAX_LEVELS, value);
}

/** Returns the JSON text of a parsed value, or of the note. */
export function jsonText(value: unknown): string {
  return JSON.stringify(writable(value));
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((child) => isDeeperThan(levels - 1, child));
}

/** Returns the object of a JSON text; undefined when it is anything else. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/**
 * Turns values into JSON that every host accepts and that shows no secret. One bad character costs a whole message (Roder
 * drops the line, Dispatch ends the session), so values are repaired here rather than trusted.
 */
import { isMemberName, redactMember } from "../support/protocol-words.ts";
import { MASK, type Redactor } from "../support/redact.ts";

export type SafeJson = null | boolean | number | string | SafeJson[] | { [key: string]: SafeJson };

/** Deepest nesting of a message, its envelope included. Dispatch and Roder read with serde_json, which stops at 127. */
const MAX_FRAME_DEPTH = 64;

/** Thrown for a value that cannot be sent. The message is a half sentence for people, after "the answer …". */
export class Unsendable extends Error {
  override readonly name = "Unsendable";
}

/**
 * Returns the JSON text of `value`, an object at nesting level `depth`, with its strings redacted and well-formed. Throws
 * `Unsendable`, or what a getter of `value` throws.
 *
 * Strings are redacted before they are serialized: in serialized text an escape can hide the start of a secret (`\n` before
 * it), and a mask in the wrong place breaks the JSON. The text is then searched once more, for secrets that span several
 * fields (a credential that is itself JSON) or consist of digits. Words of the protocol stay as they are.
 */
export function toSafeText(value: unknown, depth: number, redactor: Redactor): string {
  if (isSafe(value, depth, redactor) && isPlainObject(value)) {
    // Nearly every message needs no repair, and copying it would double the cost.
    const text = JSON.stringify(value);
    if (!showsSecret(value, redactor)) return text;
  }
  const safe = copy(value, depth, redactor);
  if (!isPlainObject(safe)) throw new Unsendable("is not an object");
  if (!showsSecret(safe, redactor)) return JSON.stringify(safe);
  const masked = maskWhole(safe, redactor);
  if (!isPlainObject(masked)) throw new Unsendable("would show a secret");
  return JSON.stringify(masked);
}

const isPlainObject = (json: SafeJson | undefined): json is { [key: string]: SafeJson } =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** Whether the JSON of `value` and of its `copy` would be equal. */
function isSafe(value: unknown, depth: number, redactor: Redactor, name?: string): value is SafeJson {
  if (depth > MAX_FRAME_DEPTH) return false;
  if (typeof value === "string") return cleanValue(name, value, redactor) === value;
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if ("toJSON" in value) return false;
  if (Array.isArray(value)) return value.every((item) => isSafe(item, depth + 1, redactor, name));
  const members: Readonly<Record<string, unknown>> = { ...value };
  return Object.keys(members).every(
    (key) => cleanName(key, redactor) === key && isSafe(members[key], depth + 1, redactor, key),
  );
}

/** Like `JSON.stringify`: calls `toJSON`; what has no JSON form is left out of objects and becomes null in arrays. */
function copy(value: unknown, depth: number, redactor: Redactor, name?: string): SafeJson | undefined {
  if (depth > MAX_FRAME_DEPTH) throw new Unsendable(`is nested deeper than ${MAX_FRAME_DEPTH} levels`);
  switch (typeof value) {
    case "string":
      return cleanValue(name, value, redactor);
    case "number":
      return Number.isFinite(value) ? value : null;
    case "boolean":
      return value;
    case "bigint":
      throw new Unsendable("holds a number that JSON cannot carry");
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if ("toJSON" in value && typeof value.toJSON === "function") return copy(value.toJSON(), depth + 1, redactor, name);
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, redactor, name) ?? null);
  const members: [string, SafeJson][] = [];
  for (const [key, member] of Object.entries(value)) {
    const safe = copy(member, depth + 1, redactor, key);
    if (safe !== undefined) members.push([cleanName(key, redactor), safe]);
  }
  return Object.fromEntries(members);
}

const clean = (text: string, redactor: Redactor) => redactor.redact(text).toWellFormed();
const cleanName = (name: string, redactor: Redactor) => (isMemberName(name) ? name : clean(name, redactor));
const cleanValue = (name: string | undefined, text: string, redactor: Redactor) =>
  redactMember(name, text, redactor).toWellFormed();

/** Whether the serialized value has a secret in it, other than one that is a word of the protocol. */
function showsSecret(value: SafeJson, redactor: Redactor, name?: string): boolean {
  const text = JSON.stringify(value);
  if (redactor.redact(text) === text) return false;
  const rest = JSON.stringify(withoutWords(value, redactor, name));
  return redactor.redact(rest) !== rest;
}

/** Returns the value without those words of the protocol that a secret is equal to, or part of. */
function withoutWords(value: SafeJson, redactor: Redactor, name?: string): SafeJson {
  if (typeof value === "string")
    return redactMember(name, value, redactor) === value && redactor.redact(value) !== value ? "" : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withoutWords(item, redactor, name));
  return Object.fromEntries(
    Object.entries(value).map(([key, member], index) => [
      isMemberName(key) && redactor.redact(key) !== key ? `#${index}` : key,
      withoutWords(member, redactor, key),
    ]),
  );
}

/** Masks the smallest parts of `value` that show a secret. A number becomes 0, so that its type stays. */
function maskWhole(value: SafeJson, redactor: Redactor, name?: string): SafeJson {
  const shows = (json: SafeJson) => showsSecret(json, redactor, name);
  if (!shows(value)) return value;
  if (typeof value === "number") return 0;
  if (typeof value !== "object" || value === null) return MASK;
  const inner: SafeJson = Array.isArray(value)
    ? value.map((item) => maskWhole(item, redactor, name))
    : Object.fromEntries(
        Object.entries(value).map(([key, member]) => [
          !isMemberName(key) && shows(key) ? MASK : key,
          maskWhole(member, redactor, key),
        ]),
      );
  return shows(inner) ? MASK : inner;
}

/**
 * Values → JSON that either host accepts and that shows no secret. One bad character costs a whole message (Roder drops
 * the line, Dispatch ends the session), so everything is repaired here rather than trusted.
 */
import type { Redactor } from "../support/redact.ts";

export type SafeJson = null | boolean | number | string | SafeJson[] | { [key: string]: SafeJson };

/** Deepest nesting of a frame, its envelope included. Both hosts read with serde_json, which stops at 127. */
const MAX_FRAME_DEPTH = 64;

const MASK = "[redacted]";

/** Why a value cannot be sent, as a half sentence for people: "the answer …". */
export class Unsendable extends Error {
  override readonly name = "Unsendable";
}

/**
 * The JSON text of `value`, an object at `depth`, strings redacted and well-formed. Throws `Unsendable`, or whatever a
 * getter of `value` throws.
 *
 * Redaction works on the strings before they are serialized: in serialized text an escape can hide the start of a secret
 * (`\n` before it), and a mask in the wrong place breaks the JSON. The text is then looked at once more, for secrets that
 * span several fields (a credential that is itself JSON) or consist of digits.
 */
export function toSafeText(value: unknown, depth: number, redactor: Redactor): string {
  if (isSafe(value, depth, redactor) && isPlainObject(value)) {
    // Nearly every line goes as it is; a copy of it would cost as much as all the rest.
    const text = JSON.stringify(value);
    if (redactor.redact(text) === text) return text;
  }
  const safe = copy(value, depth, redactor);
  if (!isPlainObject(safe)) throw new Unsendable("is not an object");
  const text = JSON.stringify(safe);
  if (redactor.redact(text) === text) return text;
  const masked = maskWhole(safe, (part) => {
    const partText = JSON.stringify(part);
    return redactor.redact(partText) !== partText;
  });
  if (!isPlainObject(masked)) throw new Unsendable("would show a secret");
  return JSON.stringify(masked);
}

const isPlainObject = (json: SafeJson | undefined): json is { [key: string]: SafeJson } =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** Whether `copy` would make the same of it, as far as JSON shows. */
function isSafe(value: unknown, depth: number, redactor: Redactor): value is SafeJson {
  if (depth > MAX_FRAME_DEPTH) return false;
  if (typeof value === "string") return clean(value, redactor) === value;
  if (typeof value !== "object" || value === null) return typeof value !== "bigint";
  if ("toJSON" in value) return false;
  if (Array.isArray(value)) return value.every((item) => isSafe(item, depth + 1, redactor));
  const members: Readonly<Record<string, unknown>> = { ...value };
  return Object.keys(members).every((key) => clean(key, redactor) === key && isSafe(members[key], depth + 1, redactor));
}

/** Follows `JSON.stringify`: `toJSON` is honoured, what has no JSON form is left out of objects and null in arrays. */
function copy(value: unknown, depth: number, redactor: Redactor): SafeJson | undefined {
  if (depth > MAX_FRAME_DEPTH) throw new Unsendable(`is nested deeper than ${MAX_FRAME_DEPTH} levels`);
  switch (typeof value) {
    case "string":
      return clean(value, redactor);
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
  if ("toJSON" in value && typeof value.toJSON === "function") return copy(value.toJSON(), depth + 1, redactor);
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1, redactor) ?? null);
  const members: [string, SafeJson][] = [];
  for (const [key, member] of Object.entries(value)) {
    const safe = copy(member, depth + 1, redactor);
    if (safe !== undefined) members.push([clean(key, redactor), safe]);
  }
  return Object.fromEntries(members);
}

const clean = (text: string, redactor: Redactor) => redactor.redact(text).toWellFormed();

/** Blanks the smallest parts of `value` without which it shows nothing; a number becomes 0, so that its type stays. */
function maskWhole(value: SafeJson, shows: (json: SafeJson) => boolean): SafeJson {
  if (!shows(value)) return value;
  if (typeof value === "number") return 0;
  if (typeof value !== "object" || value === null) return MASK;
  const inner: SafeJson = Array.isArray(value)
    ? value.map((item) => maskWhole(item, shows))
    : Object.fromEntries(
        Object.entries(value).map(([key, member]) => [shows(key) ? MASK : key, maskWhole(member, shows)]),
      );
  return shows(inner) ? MASK : inner;
}

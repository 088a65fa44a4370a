/** Spoils valid traffic, from a seed: in its bytes or in its values. */
import type { Lots } from "../support/in-process/seeded-random.ts";

const HUGE = ["1e308", "1e400", "-0", "9007199254740993", "18446744073709551616", "0.1", `1${"0".repeat(400)}`];
const ODD_TEXTS = [
  "",
  "\ud800",
  "a\udc00b",
  "\u0000",
  "\u2028\u2029\ufeff\u0085",
  "🦊".repeat(500),
  "x".repeat(5_000),
  "../../../../etc/passwd",
  "/dev/zero",
  "__proto__",
  "constructor",
  "2.0",
  "00000000-0000-4000-8000-000000000000",
  "\n\r\n",
  "[object Object]",
];

/** A JSON text with something wrong in it, or not; anything may come out, newlines included. */
export function mutateText(text: string, lots: Lots): Buffer {
  let bytes: Buffer = Buffer.from(lots.chance(0.65) ? mutateValues(text, lots) : text);
  if (lots.chance(0.45)) for (let count = lots.magnitude(1, 6); count > 0; count -= 1) bytes = mutateBytes(bytes, lots);
  return bytes;
}

function mutateBytes(bytes: Buffer, lots: Lots): Buffer {
  const at = lots.int(0, Math.max(0, bytes.length - 1));
  const until = Math.min(bytes.length, at + lots.magnitude(1, 64));
  const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, until), bytes.subarray(until)];
  switch (lots.int(0, 9)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[at] = (flipped[at] ?? 0) ^ (1 << lots.int(0, 7));
      return flipped;
    }
    case 1:
      return Buffer.concat([head, tail]);
    case 2:
      return Buffer.concat([head, middle, middle, tail]);
    case 3:
      return Buffer.from(head);
    case 4:
      return Buffer.concat([head, Buffer.from(Array.from(middle, () => lots.int(0, 255))), tail]);
    case 5:
      return Buffer.concat([
        head,
        Buffer.from(lots.pick(['"', "{", "}", "[", "]", ",", ":", "\\", "\\u", "\r", "\ufeff", "null"])),
        middle,
        tail,
      ]);
    case 6:
      return Buffer.concat([bytes, bytes]);
    case 7:
      return Buffer.concat([head, Buffer.from(lots.pick(["[", '{"a":']).repeat(lots.magnitude(1, 2_000))), tail]);
    case 8:
      return Buffer.from(bytes.toString().replace(/-?\d+(\.\d+)?/, lots.pick(HUGE)));
    default:
      return Buffer.concat([head, Buffer.from(lots.pick(ODD_TEXTS)), tail]);
  }
}

function mutateValues(text: string, lots: Lots): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  for (let count = lots.magnitude(1, 4); count > 0; count -= 1) value = mutateValue(value, lots, 0);
  return JSON.stringify(value) ?? "null";
}

/** The same value with one place in it changed. */
export function mutateValue(value: unknown, lots: Lots, depth: number): unknown {
  const isContainer = typeof value === "object" && value !== null;
  const size = isContainer ? Object.keys(value).length : 0;
  if (!isContainer || size === 0 || lots.chance(0.12 + depth * 0.03)) return another(value, lots);
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value];
    const at = lots.int(0, copy.length - 1);
    const kind = lots.int(0, 9);
    if (kind === 0) copy.splice(at, 1);
    else if (kind === 1) copy.splice(at, 0, copy[at]);
    else if (kind === 2) copy.reverse();
    else copy[at] = mutateValue(copy[at], lots, depth + 1);
    return copy;
  }
  const entries = Object.entries(value);
  const at = lots.int(0, entries.length - 1);
  const [name, inner] = entries[at] as [string, unknown];
  switch (lots.int(0, 11)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries[at] = [lots.pick(["", "__proto__", "toString", name.toUpperCase(), `${name} `]), inner];
      break;
    case 2:
      entries.push([lots.pick(["extra", "kind", "type", "id", "params", "constructor"]), another(inner, lots)]);
      break;
    default:
      entries[at] = [name, mutateValue(inner, lots, depth + 1)];
  }
  return Object.fromEntries(entries);
}

function another(value: unknown, lots: Lots): unknown {
  if (typeof value === "string" && lots.chance(0.3)) {
    const at = lots.int(0, value.length);
    return value.slice(0, at) + lots.pick(ODD_TEXTS) + value.slice(at);
  }
  // A text that holds JSON (a session's state, a script) is worth opening.
  if (typeof value === "string" && lots.chance(0.5) && /^[[{]/.test(value)) return mutateValues(value, lots);
  switch (lots.int(0, 11)) {
    case 0:
      return null;
    case 1:
      return lots.chance(0.5);
    case 2:
      return lots.pick([0, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e21, -1e308, Number.MAX_SAFE_INTEGER]);
    case 3:
    case 4:
      return lots.pick(ODD_TEXTS);
    case 5:
      return [];
    case 6:
      return {};
    case 7:
      return [value];
    case 8:
      return { value };
    case 9:
      return nested(lots.pick([60, 130, 300, 1_000]));
    case 10:
      return Array.from({ length: typeof value === "object" ? 3 : lots.magnitude(1, 2_000) }, () => value);
    default:
      return JSON.stringify(value);
  }
}

function nested(depth: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { inner: value };
  return value;
}

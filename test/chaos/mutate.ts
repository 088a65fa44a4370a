/** Mutates valid requests in their bytes or values, from a seed. */
import type { SeededRandom } from "../support/in-process/seeded-random.ts";

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

/** Returns a mutated JSON text, as bytes. It may be valid, and may contain newlines. */
export function mutateText(text: string, random: SeededRandom): Buffer {
  let bytes: Buffer = Buffer.from(random.chance(0.65) ? mutateValues(text, random) : text);
  if (random.chance(0.45))
    for (let count = random.magnitude(1, 6); count > 0; count -= 1) bytes = mutateBytes(bytes, random);
  return bytes;
}

function mutateBytes(bytes: Buffer, random: SeededRandom): Buffer {
  const at = random.int(0, Math.max(0, bytes.length - 1));
  const until = Math.min(bytes.length, at + random.magnitude(1, 64));
  const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, until), bytes.subarray(until)];
  switch (random.int(0, 9)) {
    case 0: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[at] = (flipped[at] ?? 0) ^ (1 << random.int(0, 7));
      return flipped;
    }
    case 1:
      return Buffer.concat([head, tail]);
    case 2:
      return Buffer.concat([head, middle, middle, tail]);
    case 3:
      return Buffer.from(head);
    case 4:
      return Buffer.concat([head, Buffer.from(Array.from(middle, () => random.int(0, 255))), tail]);
    case 5:
      return Buffer.concat([
        head,
        Buffer.from(random.pick(['"', "{", "}", "[", "]", ",", ":", "\\", "\\u", "\r", "\ufeff", "null"])),
        middle,
        tail,
      ]);
    case 6:
      return Buffer.concat([bytes, bytes]);
    case 7:
      return Buffer.concat([head, Buffer.from(random.pick(["[", '{"a":']).repeat(random.magnitude(1, 2_000))), tail]);
    case 8:
      return Buffer.from(bytes.toString().replace(/-?\d+(\.\d+)?/, random.pick(HUGE)));
    default:
      return Buffer.concat([head, Buffer.from(random.pick(ODD_TEXTS)), tail]);
  }
}

function mutateValues(text: string, random: SeededRandom): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text;
  }
  for (let count = random.magnitude(1, 4); count > 0; count -= 1) value = mutateValue(value, random, 0);
  return JSON.stringify(value) ?? "null";
}

/** Returns a copy with one change at a random depth. */
export function mutateValue(value: unknown, random: SeededRandom, depth: number): unknown {
  const isContainer = typeof value === "object" && value !== null;
  const size = isContainer ? Object.keys(value).length : 0;
  if (!isContainer || size === 0 || random.chance(0.12 + depth * 0.03)) return another(value, random);
  if (Array.isArray(value)) {
    const copy: unknown[] = [...value];
    const at = random.int(0, copy.length - 1);
    const kind = random.int(0, 9);
    if (kind === 0) copy.splice(at, 1);
    else if (kind === 1) copy.splice(at, 0, copy[at]);
    else if (kind === 2) copy.reverse();
    else copy[at] = mutateValue(copy[at], random, depth + 1);
    return copy;
  }
  const entries = Object.entries(value);
  const at = random.int(0, entries.length - 1);
  const [name, inner] = entries[at] as [string, unknown];
  switch (random.int(0, 11)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries[at] = [random.pick(["", "__proto__", "toString", name.toUpperCase(), `${name} `]), inner];
      break;
    case 2:
      entries.push([random.pick(["extra", "kind", "type", "id", "params", "constructor"]), another(inner, random)]);
      break;
    default:
      entries[at] = [name, mutateValue(inner, random, depth + 1)];
  }
  return Object.fromEntries(entries);
}

function another(value: unknown, random: SeededRandom): unknown {
  if (typeof value === "string" && random.chance(0.3)) {
    const at = random.int(0, value.length);
    return value.slice(0, at) + random.pick(ODD_TEXTS) + value.slice(at);
  }
  // A string that contains JSON (a session's state, a script) is mutated inside.
  if (typeof value === "string" && random.chance(0.5) && /^[[{]/.test(value)) return mutateValues(value, random);
  switch (random.int(0, 11)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([0, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 1e21, -1e308, Number.MAX_SAFE_INTEGER]);
    case 3:
    case 4:
      return random.pick(ODD_TEXTS);
    case 5:
      return [];
    case 6:
      return {};
    case 7:
      return [value];
    case 8:
      return { value };
    case 9:
      return nested(random.pick([60, 130, 300, 1_000]));
    case 10:
      return Array.from({ length: typeof value === "object" ? 3 : random.magnitude(1, 2_000) }, () => value);
    default:
      return JSON.stringify(value);
  }
}

function nested(depth: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { inner: value };
  return value;
}

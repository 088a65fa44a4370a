import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Line, LineSplitter, TOO_LONG } from "../../../src/stdio/line-splitter.ts";

const CAP = 1024 * 1024;

function split(chunks: Iterable<Buffer>, maxBytes = CAP): (string | typeof TOO_LONG)[] {
  const splitter = new LineSplitter(maxBytes);
  const lines: (string | typeof TOO_LONG)[] = [];
  // Latin-1 keeps every byte apart; a copy is taken at once, as the reader does.
  const keep = (line: Line) => void lines.push(line === TOO_LONG ? line : line.toString("latin1"));
  for (const chunk of chunks) for (const line of splitter.push(chunk)) keep(line);
  const last = splitter.end();
  if (last !== undefined) keep(last);
  return lines;
}

/** The definition, without any care for memory. */
function splitNaively(bytes: Buffer, maxBytes: number): (string | typeof TOO_LONG)[] {
  const lines = bytes.toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.length > maxBytes ? TOO_LONG : line));
}

function* cutInto(bytes: Buffer, sizes: number[]): Generator<Buffer> {
  let from = 0;
  for (const size of sizes) {
    yield bytes.subarray(from, from + size);
    from += size;
  }
  yield bytes.subarray(from);
}

afterEach(() => vi.restoreAllMocks());

describe("lines", () => {
  test("end at byte 0x0A and nowhere else", () => {
    expect(split([Buffer.from("a\rb\u2028c\u2029d\u0085e\vf\fg\n\nh\r\n")]).map(String)).toEqual([
      Buffer.from("a\rb\u2028c\u2029d\u0085e\vf\fg").toString("latin1"),
      "",
      "h\r",
    ]);
  });

  test("the last one needs no newline", () => {
    expect(split([Buffer.from("a\nb")])).toEqual(["a", "b"]);
    expect(split([Buffer.from("a\n")])).toEqual(["a"]);
    expect(split([])).toEqual([]);
  });

  test("do not depend on where the bytes were cut", () => {
    const bytes = Buffer.from('{"a":"é€😀"}\n\n{"b":"\u2028"}\r\n{"c":1}');
    const whole = splitNaively(bytes, CAP);
    for (let first = 0; first <= bytes.length; first += 1) {
      expect(split(cutInto(bytes, [first])), `cut at ${first}`).toEqual(whole);
      expect(split(cutInto(bytes, [first, 1, 1])), `three cuts from ${first}`).toEqual(whole);
    }
    expect(
      split(
        cutInto(
          bytes,
          Array.from(bytes, () => 1),
        ),
      ),
      "byte by byte",
    ).toEqual(whole);
  });

  test("any bytes, any cuts, any limit", () => {
    const bytes = fc.array(fc.oneof(fc.constant(0x0a), fc.integer({ min: 0, max: 255 })), { maxLength: 200 });
    fc.assert(
      fc.property(
        bytes,
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 60 }),
        (values, cuts, cap) => {
          const whole = Buffer.from(values);
          expect(split(cutInto(whole, cuts), cap)).toEqual(splitNaively(whole, cap));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a line above the limit", () => {
  test.each([
    ["exactly at the cap", "12345\nx\n", ["12345", "x"]],
    ["one byte above it", "123456\nx\n", [TOO_LONG, "x"]],
    ["unfinished at the end", "x\n123456", ["x", TOO_LONG]],
    ["twice", "1234567\n1234567\nx", [TOO_LONG, TOO_LONG, "x"]],
  ])("%s", (_, text, lines) => {
    expect(split([Buffer.from(text)], 5)).toEqual(lines);
    expect(split(cutInto(Buffer.from(text), [1, 1, 1, 1, 1, 1, 1]), 5)).toEqual(lines);
  });

  test("is not held while the rest of it arrives", () => {
    const allocate = vi.spyOn(Buffer, "allocUnsafe");
    const splitter = new LineSplitter(1000);
    for (let i = 0; i < 10_000; i += 1) expect([...splitter.push(Buffer.alloc(1000, "x"))]).toEqual([]);
    expect(
      [...splitter.push(Buffer.from("\nnext\n"))].map((line) => (line === TOO_LONG ? line : line.toString())),
    ).toEqual([TOO_LONG, "next"]);
    expect(allocate.mock.calls.length).toBeLessThanOrEqual(1);
  });
});

describe("the work for one huge line grows with its length only", () => {
  /** Bytes searched plus bytes copied while a line of `megabytes` arrives in pieces of `piece` bytes. */
  function work(megabytes: number, piece: number): number {
    let searched = 0;
    let copied = 0;
    const splitter = new LineSplitter(64 * 1024 * 1024);
    const copy = vi.spyOn(Buffer.prototype, "copy");
    let lines = 0;
    for (let sent = 0; sent < megabytes * 1024 * 1024; sent += piece) {
      const chunk = Buffer.alloc(piece, "x");
      chunk.indexOf = (value: unknown, from = 0) => {
        searched += chunk.length - (from as number);
        return Buffer.prototype.indexOf.call(chunk, value as number, from as number);
      };
      for (const line of splitter.push(chunk)) lines += line === TOO_LONG ? 0 : line.length;
    }
    for (const line of splitter.push(Buffer.from("\n"))) lines += line === TOO_LONG ? 0 : line.length;
    for (const { value } of copy.mock.results) copied += Number(value);
    copy.mockRestore();
    expect(lines).toBe(megabytes * 1024 * 1024);
    return searched + copied;
  }

  test.each([65_536, 4096])("in pieces of %i bytes", (piece) => {
    const small = work(5, piece);
    const large = work(20, piece);
    expect(large).toBeLessThanOrEqual(20 * 1024 * 1024 * 4);
    expect(large / small).toBeLessThan(4.5);
  });
});

import { describe, expect, test } from "vitest";
import { MAX_FRAME_CHARACTERS, parseSse, type SseFrame, type SseWatch } from "../../../src/seren/sse.ts";

async function* inPieces(bytes: Uint8Array, ...cuts: number[]): AsyncGenerator<Uint8Array, void, void> {
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(start, cut);
    start = cut;
  }
}

async function frames(text: string | Uint8Array, cuts: number[] = [], watch?: SseWatch): Promise<SseFrame[]> {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const all: SseFrame[] = [];
  for await (const frames of parseSse(inPieces(bytes, ...cuts), watch)) all.push(...frames);
  return all;
}

const frame = (data: string, event?: string, id?: string): SseFrame => ({ id, event, data });

describe("a stream's frames", () => {
  test.each([
    ["named", "event: run.event\nid: 7\ndata: {}\n\n", [frame("{}", "run.event", "7")]],
    ["unnamed", "data: x\n\n", [frame("x")]],
    ["CRLF", "event: end\r\ndata: x\r\n\r\n", [frame("x", "end")]],
    ["CR", "event: end\rdata: x\r\r\n", [frame("x", "end")]],
    ["several data lines", "data: a\ndata:b\ndata\ndata:  c\n\n", [frame("a\nb\n\n c")]],
    ["comments", ": hello\n:\ndata: x\n: between\n\n:\n\n", [frame("x")]],
    ["an empty id", "id:\ndata: x\n\n", [frame("x", undefined, "")]],
    ["an id of the frame's own only", "id: 1\ndata: a\n\ndata: b\n\n", [frame("a", undefined, "1"), frame("b")]],
    ["an id with a zero byte", "id: a\0b\ndata: x\n\n", [frame("x")]],
    ["no data", "event: end\nid: 9\n\ndata: x\n\n", [frame("x")]],
    ["fields unheard of", "colour: red\ndata: x\nnonsense\n\n", [frame("x")]],
    ["nothing at its end", "data: whole\n\ndata: half\n", [frame("whole")]],
    ["nothing at all", "", []],
    ["a byte-order mark", "\ufeffdata: x\n\n", [frame("x")]],
    ["multibyte text", "data: Grüße 😀 € \u2028\n\n", [frame("Grüße 😀 € \u2028")]],
  ])("are read: %s", async (_, text, expected) => {
    expect(await frames(text)).toEqual(expected);
  });

  test("do not depend on where the bytes were cut, once or twice", async () => {
    const text =
      "\ufeff: c\r\nid: 1\r\ndata: Grü😀\r\n\r\nretry: 5\r\nevent: e\r\ndata: a\r\ndata: €\r\n\r\ndata: last\n\n";
    const bytes = Buffer.from(text);
    const whole = await frames(text);
    expect(whole).toEqual([frame("Grü😀", undefined, "1"), frame("a\n€", "e"), frame("last")]);
    for (let one = 0; one <= bytes.length; one += 1) {
      for (let two = one; two <= bytes.length; two += 1) {
        expect(await frames(bytes, [one, two]), `cut at ${one} and ${two}`).toEqual(whole);
      }
    }
  });

  test("bytes that are no text do not end the stream", async () => {
    const bytes = Buffer.concat([Buffer.from("data: a"), Buffer.from([0xff, 0xc3]), Buffer.from("\n\ndata: b\n\n")]);
    expect(await frames(bytes)).toEqual([frame("a\ufffd\ufffd"), frame("b")]);
  });
});

describe("what is watched", () => {
  test("every chunk is a sign of life, comments too", async () => {
    let chunks = 0;
    await frames(": one\n\n: two\n\n", [3, 8], { onActivity: () => (chunks += 1) });
    expect(chunks).toBe(3);
  });

  test.each([
    ["retry: 1500\n\n", [1_500]],
    ["retry:0\n\n", [0]],
    ["retry: soon\n\nretry: -1\n\nretry:\n\n", []],
  ])("%j asks for %j", async (text, expected) => {
    const asked: number[] = [];
    await frames(text, [], { onRetry: (ms) => void asked.push(ms) });
    expect(asked).toEqual(expected);
  });
});

describe("a frame that is too large", () => {
  const half = Buffer.from("x".repeat(MAX_FRAME_CHARACTERS / 2 + 1));

  test.each([
    ["one line", [Buffer.from("data: "), half, half]],
    ["many lines", [Buffer.from("data: "), half, Buffer.from("\ndata: "), half]],
    ["a name without end", [Buffer.from("event: "), half, half]],
  ])("ends the stream with a contract failure, after what came before it: %s", async (_, chunks) => {
    async function* bytes() {
      yield Buffer.from("data: before\n\n");
      yield* chunks;
    }
    const seen: string[] = [];
    const reading = (async () => {
      for await (const frames of parseSse(bytes())) seen.push(...frames.map(({ data }) => data));
    })();
    await expect(reading).rejects.toMatchObject({
      kind: "contract",
      message: "a frame of the run stream is longer than 4194304 characters",
    });
    expect(seen).toEqual(["before"]);
  });

  test("one of exactly that size is read", async () => {
    const data = "y".repeat(MAX_FRAME_CHARACTERS - "data: ".length);
    expect((await frames(`data: ${data}\n\n`, [1_000_000, 2_000_000]))[0]?.data).toHaveLength(data.length);
  });
});

describe("leaving", () => {
  test("in the middle of the frames of one chunk closes the source", async () => {
    let closed = false;
    async function* bytes() {
      try {
        yield Buffer.from("data: a\n\ndata: b\n\n");
        yield Buffer.from("data: c\n\n");
      } finally {
        closed = true;
      }
    }
    for await (const [first] of parseSse(bytes())) if (first?.data === "a") break;
    expect(closed).toBe(true);
  });

  test("a failure of the source comes through after the frames before it", async () => {
    async function* bytes() {
      yield Buffer.from("data: a\n\ndata: hal");
      throw new Error("reset");
    }
    const seen: string[] = [];
    const reading = (async () => {
      for await (const frames of parseSse(bytes())) seen.push(...frames.map(({ data }) => data));
    })();
    await expect(reading).rejects.toThrow("reset");
    expect(seen).toEqual(["a"]);
  });
});

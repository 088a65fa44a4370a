import { describe, expect, test } from "vitest";
import { MAX_FRAME_CHARACTERS, type SseFrame, SseParser } from "../../../../src/seren/follow/sse.ts";

function frames(text: string | Uint8Array, cuts: number[] = [], onRetry?: (ms: number) => void): SseFrame[] {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  const parser = new SseParser(onRetry);
  const pieces = [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index]));
  return pieces.flatMap((piece) => parser.feed(piece));
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
    expect(frames(text)).toEqual(expected);
  });

  // After many of them such lines take another way, on which nothing may change. Whole lines, cut at every place.
  test("are the same after many lines that mean nothing", async () => {
    const fields = ["data", "data:", "data: a", "datax: b", "dat: c", "id: 7", "id", "ids: 1", "event: e", "retry: 5"];
    const odd = ["retry: soon", "retry", "x", "é: 1", ": note", "\0", "events: y", " data: z", "\ufeffdata: y"];
    const lines = [...fields, ...odd].flatMap((line) => [line, `${line}\n`, "data: end\n"]);
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = `${lines.join("\n")}\n\n`.replaceAll("\n", end);
      const bytes = Buffer.from(text);
      const expected = frames(`data: first${end}${end}${text}`).slice(1);
      expect(expected.length).toBeGreaterThan(20);
      const before = Buffer.from(`${`a${end}`.repeat(150)}data: first${end}${end}`);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const parser = new SseParser();
        const got = [before, bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((piece) => parser.feed(piece));
        expect(got.slice(1), `${JSON.stringify(end)}, cut at ${cut}`).toEqual(expected);
      }
    }
  });

  test("do not depend on where the bytes were cut, once or twice", async () => {
    const text =
      "\ufeff: c\r\nid: 1\r\ndata: Grü😀\r\n\r\nretry: 5\r\nevent: e\r\ndata: a\r\ndata: €\r\n\r\ndata: last\n\n";
    const bytes = Buffer.from(text);
    const whole = frames(text);
    expect(whole).toEqual([frame("Grü😀", undefined, "1"), frame("a\n€", "e"), frame("last")]);
    for (let one = 0; one <= bytes.length; one += 1) {
      for (let two = one; two <= bytes.length; two += 1) {
        expect(frames(bytes, [one, two]), `cut at ${one} and ${two}`).toEqual(whole);
      }
    }
  });

  test("bytes that are no text do not end the stream", async () => {
    const bytes = Buffer.concat([Buffer.from("data: a"), Buffer.from([0xff, 0xc3]), Buffer.from("\n\ndata: b\n\n")]);
    expect(frames(bytes)).toEqual([frame("a\ufffd\ufffd"), frame("b")]);
  });
});

describe("what the server asks for", () => {
  test.each([
    ["retry: 1500\n\n", [1_500]],
    ["retry:0\n\n", [0]],
    ["retry: soon\n\nretry: -1\n\nretry:\n\n", []],
  ])("%j asks for %j", async (text, expected) => {
    const asked: number[] = [];
    frames(text, [], (ms) => void asked.push(ms));
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
    const parser = new SseParser();
    const seen: string[] = [];
    const reading = () => {
      for (const bytes of [Buffer.from("data: before\n\n"), ...chunks, Buffer.from("data: after\n\n")]) {
        seen.push(...parser.feed(bytes).map(({ data }) => data));
      }
    };
    expect(reading).toThrow("a frame of the run stream is longer than 4194304 characters");
    expect(seen).toEqual(["before"]);
  });

  test("one of exactly that size is read", async () => {
    const data = "y".repeat(MAX_FRAME_CHARACTERS - "data: ".length);
    expect(frames(`data: ${data}\n\n`, [1_000_000, 2_000_000])[0]?.data).toHaveLength(data.length);
  });
});

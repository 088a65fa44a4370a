import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { createLog, LOG_LEVELS, silentLog } from "../../../src/support/log.ts";
import { createRedactor } from "../../../src/support/redact.ts";

class Taken extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
  get lines() {
    return this.text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }
}

/** What a host leaves unread. */
class Unread extends Writable {
  bytes = 0;
  chunks: string[] = [];
  override _write(chunk: Buffer): void {
    this.bytes += chunk.byteLength;
    this.chunks.push(chunk.toString());
  }
}

describe("a line", () => {
  test("is JSON with level, message and fields", () => {
    const sink = new Taken();
    createLog(sink, "warn", createRedactor())("error", "it broke", { attempt: 2, ok: false, gone: undefined });
    expect(sink.text).toBe('{"level":"error","message":"it broke","attempt":2,"ok":false}\n');
  });

  test("repeats the fields it is bound to", () => {
    const sink = new Taken();
    const log = createLog(sink, "info", createRedactor());
    const bound = log.with({ host: "roder" }).with({ run: 1 });
    bound("info", "a");
    log("info", "b");
    expect(sink.lines).toEqual([
      { level: "info", message: "a", host: "roder", run: 1 },
      { level: "info", message: "b" },
    ]);
  });

  test("holds no secret, in a field or in the message", () => {
    const sink = new Taken();
    const redactor = createRedactor();
    redactor.add('to"ken-value');
    createLog(sink, "warn", redactor)("warn", 'got to"ken-value', { header: "Bearer abcdefghijk" });
    expect(sink.lines).toEqual([{ level: "warn", message: "got [redacted]", header: "[redacted]" }]);
  });

  test("stays one line whatever the text", () => {
    const sink = new Taken();
    createLog(sink, "warn", createRedactor())("warn", "a\nb\r\u2028c");
    expect(sink.lines).toHaveLength(1);
  });

  test("too long for a pipe is cut to its message, after secrets were taken out", () => {
    const sink = new Taken();
    const redactor = createRedactor();
    redactor.add(`s${"é".repeat(600)}`);
    const message = `${"m".repeat(900)} s${"é".repeat(600)} ${"x".repeat(9_000)}`;
    createLog(sink, "warn", redactor)("warn", message, { stack: "y".repeat(20_000) });
    const [line] = sink.lines;
    expect(line.message.startsWith(`${"m".repeat(900)} [redacted] xxx`)).toBe(true);
    expect(line.message).not.toContain("é");
    expect(line.stack).toBeUndefined();
    expect(line.bytes).toBeGreaterThan(29_000);
    expect(Buffer.byteLength(sink.text)).toBeLessThan(2_000);
  });
});

test.each([
  ["error", ["error"]],
  ["warn", ["error", "warn"]],
  ["info", ["error", "warn", "info"]],
  ["debug", ["error", "warn", "info", "debug"]],
] as const)("a threshold of %s lets %j through", (threshold, expected) => {
  const sink = new Taken();
  const log = createLog(sink, threshold, createRedactor());
  for (const level of LOG_LEVELS) log(level, level);
  expect(sink.lines.map(({ level }) => level)).toEqual(expected);
});

describe("a sink that is not read", () => {
  test("gets at most 16 KiB and one line, less than a pipe holds", () => {
    const sink = new Unread();
    const log = createLog(sink, "warn", createRedactor());
    for (let index = 0; index < 10_000; index += 1) log("warn", "é".repeat(500));
    expect(sink.writableLength).toBeLessThan(16 * 1024 + 8 * 1024 + 1);
  });

  test("one enormous line does not fill it either", () => {
    const sink = new Unread();
    createLog(sink, "warn", createRedactor())("error", "x".repeat(10_000_000));
    expect(sink.writableLength).toBeLessThan(2_000);
  });
});

describe("a sink that takes everything", () => {
  test("gets at most 48 KiB in all, counted in bytes", () => {
    const sink = new Taken();
    const log = createLog(sink, "warn", createRedactor());
    for (let index = 0; index < 1_000; index += 1) log("warn", "€".repeat(300));
    expect(Buffer.byteLength(sink.text)).toBeLessThanOrEqual(48 * 1024);
    expect(Buffer.byteLength(sink.text)).toBeGreaterThan(46 * 1024);
  });

  test("gets everything when it is unbounded", () => {
    const sink = new Taken();
    const log = createLog(sink, "warn", createRedactor(), { unbounded: true });
    for (let index = 0; index < 1_000; index += 1) log("warn", "€".repeat(300));
    log("warn", "x".repeat(100_000));
    expect(sink.lines).toHaveLength(1_001);
    expect(sink.lines.at(-1)?.message).toHaveLength(100_000);
  });
});

test("what was dropped is counted in the next line that gets through", async () => {
  const waiting: (() => void)[] = [];
  const chunks: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      waiting.push(done);
    },
  });
  const log = createLog(sink, "warn", createRedactor());
  for (let index = 0; index < 30; index += 1) log("warn", "x".repeat(1_000));
  const accepted = Math.floor((16 * 1024) / 1_035) + 1;
  while (sink.writableLength > 0) {
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  log("warn", "back");
  log("warn", "again");
  while (sink.writableLength > 0) {
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const lines = chunks.map((chunk) => JSON.parse(chunk));
  expect(lines.at(-2)).toEqual({ level: "warn", message: "back", dropped: 30 - accepted });
  expect(lines.at(-1)).toEqual({ level: "warn", message: "again" });
});

test("the silent log writes nothing and binds to itself", () => {
  silentLog("error", "x");
  expect(silentLog.with({ a: 1 })).toBe(silentLog);
});

/** A host that asks more than it reads: memory is bounded, no request of a host that reads is refused. */
import { describe, expect, test } from "vitest";
import type { Method } from "../../../src/stdio/index.ts";
import { MAX_QUEUED_MESSAGES } from "../../../src/stdio/ndjson-reader.ts";
import { MAX_UNREAD_LINES, MAX_WAITING_LINES } from "../../../src/stdio/ndjson-writer.ts";
import { deferred, recordingLog, SlowSink, settle, startWire } from "./harness.ts";

const requests = (count: number, name = "ok") =>
  Array.from({ length: count }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"${name}"}\n`).join("");
const ok: Method = () => ({ ok: true });

async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise<void>((resolve) => void setImmediate(resolve));
}

describe("a host that reads", () => {
  test("gets every answer to a burst, in order, and reading pauses meanwhile", async () => {
    const count = 20_000;
    const { input, sink } = startWire({ methods: { ok } });
    let paused = 0;
    input.on("pause", () => {
      paused += 1;
    });
    const text = requests(count);
    for (let at = 0; at < text.length; at += 65_536) input.write(text.slice(at, at + 65_536));
    await sink.first(count);
    expect(sink.lines.map((line) => JSON.parse(line))).toEqual(
      Array.from({ length: count }, (_, id) => ({ jsonrpc: "2.0", id, result: { ok: true } })),
    );
    expect(paused).toBeGreaterThan(5);
  });

  test("has at most one chunk more than the bound in the queue", async () => {
    const { input } = startWire({ methods: { ok } });
    const chunk = requests(100);
    for (let n = 0; n < 100; n += 1) input.write(chunk);
    await until(() => input.isPaused());
    const unread = input.readableLength + input.writableLength;
    expect(unread).toBeGreaterThan(chunk.length * (100 - MAX_QUEUED_MESSAGES / 100 - 10));
  });

  test("whose input ends in a burst gets every answer, and then the end is noticed", async () => {
    const count = 5_000;
    const { input, sink, ended } = startWire({ methods: { ok } });
    for (let n = 0; n < 5; n += 1) input.write(requests(count / 5));
    input.end();
    expect(await ended).toBe("eof");
    expect(sink.lines).toHaveLength(count);
  });

  test("may end the wire while reading is paused", async () => {
    const { input, shutDown, ended } = startWire({ methods: { ok } });
    for (let n = 0; n < 50; n += 1) input.write(requests(100));
    await until(() => input.isPaused());
    shutDown();
    expect(await ended).toBe("signal");
    // The library still takes what is queued, one message per turn.
    for (let turn = 0; turn < 2 * MAX_QUEUED_MESSAGES; turn += 1) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    expect(input.isPaused(), "nothing resumes it").toBe(true);
  });
});

describe("a host that reads nothing", () => {
  test("is refused new requests above the first bound; a running one keeps its answer", async () => {
    const output = new SlowSink();
    let called = 0;
    const answer = deferred<object>();
    const { input } = startWire({
      output,
      methods: {
        run: () => answer.promise,
        ok: () => {
          called += 1;
          return {};
        },
      },
    });
    input.write('{"jsonrpc":"2.0","id":"run","method":"run"}\n');
    const extra = 10;
    // One line is with the pipe.
    const text = requests(MAX_WAITING_LINES + 1 + extra);
    input.write(text);
    await until(() => called > MAX_WAITING_LINES);
    answer.resolve({ done: true });
    await until(() => input.readableLength === 0 && !input.isPaused());
    await settle();
    for (let line = 0; line < MAX_WAITING_LINES + 2 + extra; line += 1) {
      await output.offered();
      output.take();
    }
    expect(called, "refused requests are not started").toBe(MAX_WAITING_LINES + 1);
    const replies = output.taken.map((line) => JSON.parse(line));
    expect(replies.filter(({ error }) => error)).toHaveLength(extra);
    expect(replies.find(({ error }) => error)?.error).toMatchObject({
      code: -32000,
      message: "too many answers wait to be read; read them, then ask again",
      data: { dispatch_error: { code: "rate_limited" } },
    });
    expect(replies.filter(({ id }) => id === "run")).toEqual([{ jsonrpc: "2.0", id: "run", result: { done: true } }]);

    input.write('{"jsonrpc":"2.0","id":"next","method":"ok"}\n');
    await output.offered();
    output.take();
    expect(JSON.parse(output.taken.at(-1) ?? ""), "it has read, and is served again").toEqual({
      jsonrpc: "2.0",
      id: "next",
      result: {},
    });
  });

  test("is refused new requests when few but large answers wait", async () => {
    const output = new SlowSink();
    let called = 0;
    const { input } = startWire({
      output,
      methods: {
        large: () => {
          called += 1;
          return { text: "x".repeat(1_000_000) };
        },
      },
    });
    input.write(requests(60, "large"));
    await settle();
    await until(() => input.readableLength === 0);
    await settle();
    for (let turn = 0; turn < 100; turn += 1) await settle();
    expect(called).toBeGreaterThan(30);
    expect(called).toBeLessThan(40);
  });

  test("counts as gone at the second bound, whatever it asks", async () => {
    const { log, lines } = recordingLog();
    const output = new SlowSink();
    const { input, ended, ends } = startWire({ output, log, methods: { ok } });
    // Requests with an id that are refused before they reach a method.
    const line = '{"jsonrpc":"2.0","id":5,"method":""}\n';
    for (let n = 0; n < 10; n += 1) input.write(line.repeat(1000));
    expect(await ended).toBe("broken_pipe");
    expect(ends).toEqual(["broken_pipe"]);
    expect(lines.map(({ message, fields }) => [message, fields.waiting])).toContainEqual([
      "the host reads nothing",
      MAX_UNREAD_LINES,
    ]);
  });

  test("notices the end of the input at any bound", async () => {
    const output = new SlowSink();
    const { input, ends } = startWire({ output, methods: { ok } });
    for (let n = 0; n < 60; n += 1) input.write(requests(100));
    input.end();
    await until(() => ends.length > 0);
    expect(ends).toEqual(["eof"]);
  });
});

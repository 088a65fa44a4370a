import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Message } from "vscode-jsonrpc/node";
import { NdjsonWriter } from "../../../src/stdio/ndjson-writer.ts";
import { RequestLedger } from "../../../src/stdio/request-ledger.ts";
import { createRedactor } from "../../../src/support/redact.ts";
import { recordingLog, Sink, SlowSink, settle } from "./harness.ts";

function startWriter<W extends Writable>(output: W) {
  const ledger = new RequestLedger();
  const redactor = createRedactor();
  const { log, lines: logged } = recordingLog();
  const writer = new NdjsonWriter(output, {
    ledger,
    redactor,
    log,
    toUnsendable: (problem) => ({ code: -32000, message: `the answer ${problem}` }),
  });
  let closed = 0;
  writer.onClose(() => {
    closed += 1;
  });
  const note = (n: number): Message => ({ jsonrpc: "2.0", method: "event", params: { n } }) as Message;
  const reply = (id: number, body: object): Message => ({ jsonrpc: "2.0", id, ...body }) as Message;
  return { output, ledger, redactor, logged, writer, note, reply, closed: () => closed };
}

const eventLine = (n: number) => `{"jsonrpc":"2.0","method":"event","params":{"n":${n}}}\n`;

describe("order and back-pressure", () => {
  test("lines leave in the order in which they were written, replies included", async () => {
    const { writer, output, ledger, note, reply } = startWriter(new Sink());
    const request = ledger.open("7");
    for (const n of [1, 2, 3]) void writer.write(note(n));
    void writer.write(reply(request.internalId, { result: { ok: true } }));
    await writer.write(note(4));
    expect(output.text).toBe(
      `${eventLine(1)}${eventLine(2)}${eventLine(3)}{"jsonrpc":"2.0","id":"7","result":{"ok":true}}\n${eventLine(4)}`,
    );
  });

  test("a write resolves when the pipe has taken it, not before", async () => {
    const { writer, output, note } = startWriter(new SlowSink());
    const done: number[] = [];
    for (const n of [1, 2, 3]) void writer.write(note(n)).then(() => done.push(n));
    await settle();
    expect(done).toEqual([]);
    for (const n of [1, 2, 3]) {
      await output.offered();
      output.take();
      await settle();
      expect(done.at(-1)).toBe(n);
      expect(done).toHaveLength(n);
    }
    expect(output.taken).toEqual([eventLine(1), eventLine(2), eventLine(3)]);
  });

  test("a host that does not read slows producers that wait, and nothing accumulates in the stream", async () => {
    const { writer, output, note } = startWriter(new SlowSink());
    let sent = 0;
    const produce = async () => {
      for (let n = 0; n < 1000; n += 1) {
        await writer.write(note(n));
        sent += 1;
      }
    };
    void Promise.all([produce(), produce(), produce()]);
    await settle();
    expect(sent).toBe(0);
    expect(output.writableLength).toBe(eventLine(0).length);
    await output.offered();
    output.take();
    await settle();
    expect(sent).toBe(1);
    expect(output.writableLength).toBe(eventLine(0).length);
  });

  test("what follows a reply is sent after what was already queued", async () => {
    const { writer, output, ledger, note, reply } = startWriter(new Sink());
    const request = ledger.open(1);
    ledger.onSettled(request, () => void writer.write(note(9)));
    void writer.write(reply(request.internalId, { result: {} }));
    await writer.write(note(1));
    expect(output.lines.map((line) => JSON.parse(line).params?.n ?? "reply")).toEqual(["reply", 9, 1]);
  });

  test("settles a request when its reply is handed to the pipe, not while it waits", async () => {
    const { writer, output, ledger, note, reply } = startWriter(new SlowSink());
    const request = ledger.open(1);
    const heard: boolean[] = [];
    ledger.onSettled(request, (genuine) => heard.push(genuine));
    void writer.write(note(1));
    void writer.write(reply(request.internalId, { result: {} }));
    await settle();
    expect(heard).toEqual([]);
    await output.offered();
    output.take();
    await settle();
    expect(heard).toEqual([true]);
    expect(output.taken).toEqual([eventLine(1)]);
  });

  test("flushed means that the operating system has every byte", async () => {
    const { writer, output, note } = startWriter(new SlowSink());
    await writer.flushed();
    let flushed = false;
    void writer.write(note(1));
    void writer.write(note(2));
    void writer.flushed().then(() => {
      flushed = true;
    });
    for (const _ of [1, 2]) {
      await output.offered();
      await settle();
      expect(flushed).toBe(false);
      output.take();
    }
    await settle();
    expect(flushed).toBe(true);
  });
});

describe("one reply per request", () => {
  test("a second one, and one for an unknown request, are dropped", async () => {
    const { writer, output, ledger, reply, logged } = startWriter(new Sink());
    const request = ledger.open(1);
    await writer.write(reply(request.internalId, { result: { n: 1 } }));
    await writer.write(reply(request.internalId, { result: { n: 2 } }));
    await writer.write(reply(99, { error: { code: 1, message: "x" } }));
    await writer.write({ jsonrpc: "2.0", id: null, error: { code: 1, message: "x" } } as Message);
    expect(output.lines).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"n":1}}']);
    expect(logged.map((line) => line.level)).toEqual(["error", "error", "error"]);
  });

  test("an error reply keeps its code and data and settles as not genuine", async () => {
    const { writer, output, ledger, reply } = startWriter(new Sink());
    const request = ledger.open(1);
    const heard: boolean[] = [];
    ledger.onSettled(request, (genuine) => heard.push(genuine));
    await writer.write(reply(request.internalId, { error: { code: -32602, message: "m", data: { a: 1 } } }));
    expect(output.lines).toEqual(['{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"m","data":{"a":1}}}']);
    expect(heard).toEqual([false]);
  });

  test("a request made by the library is dropped", async () => {
    const { writer, output } = startWriter(new Sink());
    await writer.write({ jsonrpc: "2.0", id: 1, method: "ask" } as Message);
    expect(output.text).toBe("");
  });
});

describe("what cannot be sent", () => {
  test.each<[string, unknown, string]>([
    ["too large", { a: "x".repeat(1_048_576) }, "the answer is larger than the 1 MiB that one message may have"],
    ["null", null, "the answer is not an object"],
    ["a list", [], "the answer is not an object"],
    ["a text", "done", "the answer is not an object"],
    ["a bigint", { a: 1n }, "the answer holds a number that JSON cannot carry"],
  ])("an answer: %s", async (_, result, message) => {
    const { writer, output, ledger, reply } = startWriter(new Sink());
    const request = ledger.open("id");
    const heard: boolean[] = [];
    ledger.onSettled(request, (genuine) => heard.push(genuine));
    await writer.write(reply(request.internalId, { result }));
    expect(output.lines).toEqual([JSON.stringify({ jsonrpc: "2.0", id: "id", error: { code: -32000, message } })]);
    expect(heard).toEqual([false]);
  });

  test("an error that is itself too large", async () => {
    const output = new Sink();
    const ledger = new RequestLedger();
    const writer = new NdjsonWriter(output, {
      ledger,
      redactor: createRedactor(),
      log: recordingLog().log,
      toUnsendable: () => ({ code: -32000, message: "x".repeat(1_048_576) }),
    });
    const request = ledger.open(1);
    const error = { code: -32000, message: "x".repeat(1_048_576) };
    await writer.write({ jsonrpc: "2.0", id: request.internalId, error } as Message);
    expect(output.lines).toEqual([
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"the answer cannot be sent"}}',
    ]);
  });

  test("a notification is dropped with a log line, and its producer goes on", async () => {
    const { writer, output, note, logged } = startWriter(new Sink());
    await writer.write({ jsonrpc: "2.0", method: "event", params: { a: "x".repeat(1_048_576) } } as Message);
    await writer.write({ jsonrpc: "2.0", method: "event", params: [1] } as Message);
    await writer.write({ jsonrpc: "2.0", method: "event" } as Message);
    await writer.write(note(1));
    expect(output.text).toBe(eventLine(1));
    expect(logged.map((line) => line.fields)).toEqual([
      { method: "event", problem: "is larger than the 1 MiB that one message may have" },
      { method: "event", problem: "is not an object" },
      { method: "event", problem: "is not an object" },
    ]);
  });

  test("secrets are masked in results, errors and events", async () => {
    const { writer, output, ledger, redactor, reply } = startWriter(new Sink());
    redactor.add("hunter2hunter2");
    const [first, second] = [ledger.open(1), ledger.open(1)];
    await writer.write(reply(first.internalId, { result: { a: "hunter2hunter2" } }));
    const error = { code: 1, message: "hunter2hunter2", data: { hunter2hunter2: ["hunter2hunter2"] } };
    await writer.write(reply(second.internalId, { error }));
    await writer.write({ jsonrpc: "2.0", method: "event", params: { a: "xhunter2hunter2x" } } as Message);
    writer.refuse(null, { code: 1, message: "hunter2hunter2" });
    expect(output.lines).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{"a":"[redacted]"}}',
      '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"[redacted]","data":{"[redacted]":["[redacted]"]}}}',
      '{"jsonrpc":"2.0","method":"event","params":{"a":"x[redacted]x"}}',
      '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"[redacted]"}}',
    ]);
  });
});

test("errors without an id do not accumulate when the host does not read", async () => {
  const { writer, output } = startWriter(new SlowSink());
  for (let i = 0; i < 10_000; i += 1) writer.refuse(null, { code: -32700, message: "no" });
  writer.refuse(5, { code: -32600, message: "no" });
  for (let i = 0; i < 258; i += 1) {
    await output.offered();
    output.take();
  }
  await writer.flushed();
  expect(output.taken).toHaveLength(258);
  expect(output.taken.at(-1)).toBe('{"jsonrpc":"2.0","id":5,"error":{"code":-32600,"message":"no"}}\n');
});

describe("a broken pipe", () => {
  test.each(["EPIPE while a line is on its way", "close without an error"])("%s", async (way) => {
    const { writer, output, ledger, note, reply, closed } = startWriter(new SlowSink());
    const request = ledger.open(1);
    const heard: boolean[] = [];
    ledger.onSettled(request, (genuine) => heard.push(genuine));
    const writes = [
      writer.write(note(1)),
      writer.write(note(2)),
      writer.write(reply(request.internalId, { result: {} })),
    ];
    const flushed = writer.flushed();
    await output.offered();
    if (way.startsWith("EPIPE")) output.breakPipe();
    else output.destroy();
    await Promise.all([...writes, flushed]);
    expect(closed()).toBe(1);
    expect(heard).toEqual([false]);
    await writer.write(note(3));
    await writer.flushed();
    const late = ledger.open(2);
    await writer.write(reply(late.internalId, { result: {} }));
    expect(ledger.unanswered).toBe(0);
    expect(output.taken).toEqual([]);
  });

  test("before the first line", async () => {
    const output = new Sink();
    output.destroy();
    await settle();
    const { writer, note, closed } = startWriter(output);
    await writer.write(note(1));
    await settle();
    expect(closed()).toBe(1);
  });

  test("a stream that throws counts as broken", async () => {
    class Throwing extends Writable {
      override _write(): void {
        throw new Error("hunter2");
      }
    }
    const { writer, note, closed } = startWriter(new Throwing());
    await writer.write(note(1));
    await writer.write(note(2));
    await settle();
    expect(closed()).toBe(1);
  });
});

test("after dispose nothing is written and every wait ends", async () => {
  const { writer, output, note, closed } = startWriter(new SlowSink());
  const writes = [writer.write(note(1)), writer.write(note(2))];
  await output.offered();
  writer.dispose();
  await Promise.all([...writes, writer.flushed(), writer.write(note(3))]);
  output.breakPipe();
  await settle();
  expect(closed()).toBe(0);
});

import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import type { Message } from "vscode-jsonrpc/node";
import { NdjsonReader } from "../../../src/stdio/ndjson-reader.ts";
import { RequestLedger } from "../../../src/stdio/request-ledger.ts";
import { silentLog } from "../../../src/support/log.ts";
import { recordingLog, settle } from "./harness.ts";

interface ReaderOptions {
  maxLineBytes?: number;
  deliver?: (message: Message) => void;
  isHandled?: (name: string) => boolean;
}

function startReader(options: ReaderOptions = {}) {
  const input = new PassThrough();
  const ledger = new RequestLedger();
  const seen: unknown[] = [];
  const { log, lines: logged } = recordingLog();
  const reader = new NdjsonReader(input, {
    ledger,
    refuse: (problem, id, detail) => void seen.push({ refused: problem, id, detail }),
    onResponse: ({ id, result }) => void seen.push({ response: id, result }),
    isHandled: options.isHandled ?? ((name) => name === "c"),
    onEof: () => void seen.push("eof"),
    log,
    ...(options.maxLineBytes === undefined ? {} : { maxLineBytes: options.maxLineBytes }),
  });
  reader.onClose(() => void seen.push("close"));
  reader.listen(options.deliver ?? ((message) => void seen.push(message)));
  const answer = (internalId: number) => {
    const request = ledger.claim(internalId);
    if (request) ledger.settle(request, true);
  };
  return { input, ledger, seen, logged, reader, answer };
}

const TEXT = [
  '{"jsonrpc":"2.0","id":1,"method":"é€😀","params":{"a":"\u2028\u2029"}}\n',
  "\n",
  "  \r\n",
  '{"jsonrpc":"2.0","id":1,"method":"b"}\r\n',
  "{broken\n",
  '{"jsonrpc":"2.0","method":"c"}\n',
  '{"jsonrpc":"2.0","id":"1","method":"d"}',
].join("");
const EXPECTED = [
  { jsonrpc: "2.0", id: 1, method: "é€😀", params: { a: "\u2028\u2029" } },
  { jsonrpc: "2.0", id: 2, method: "b", params: undefined },
  { refused: "parse_error", id: null, detail: "the line is not valid JSON" },
  { jsonrpc: "2.0", method: "c", params: undefined },
  { jsonrpc: "2.0", id: 3, method: "d", params: undefined },
  "eof",
];

test("messages do not depend on where the bytes were cut", async () => {
  const bytes = Buffer.from(TEXT);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const { input, seen } = startReader();
    input.write(bytes.subarray(0, cut));
    input.end(bytes.subarray(cut));
    await settle();
    expect(seen, `cut at ${cut}`).toEqual(EXPECTED);
  }
}, 60_000);

test("messages do not depend on whether the stream yields bytes or text", async () => {
  const { input, seen } = startReader();
  input.setEncoding("utf8");
  for (const byte of Buffer.from(TEXT)) input.write(Buffer.from([byte]));
  input.end();
  await settle();
  expect(seen).toEqual(EXPECTED);
});

test("one bad line does not affect the others", async () => {
  const { input, seen } = startReader();
  input.write(Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n')]));
  input.write('[]\n7\n{"jsonrpc":"2.0","id":1,"method":"m"}\n');
  await settle();
  expect(seen).toEqual([
    { refused: "parse_error", id: null, detail: "the line is not valid UTF-8" },
    { refused: "invalid_request", id: null, detail: "batches are not supported; send one message per line" },
    { refused: "invalid_request", id: null, detail: "the message is not an object" },
    { jsonrpc: "2.0", id: 1, method: "m", params: undefined },
  ]);
});

test("a line above the limit is skipped, answered once, and the next one is read", async () => {
  const { input, seen } = startReader({ maxLineBytes: 100 });
  for (let i = 0; i < 50; i += 1) input.write("x".repeat(50));
  input.write('"\n{"jsonrpc":"2.0","id":1,"method":"m"}\n');
  await settle();
  expect(seen).toEqual([
    { refused: "invalid_request", id: null, detail: "the line is longer than 100 bytes" },
    { jsonrpc: "2.0", id: 1, method: "m", params: undefined },
  ]);
});

test("a 20 MB line arrives whole", async () => {
  const { input, seen } = startReader();
  const text = "é".repeat(10_000_000);
  input.write(Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"m","params":{"text":"${text}"}}\n`));
  await settle();
  expect(seen).toHaveLength(1);
  expect(JSON.stringify(seen[0]).length).toBe(
    '{"jsonrpc":"2.0","id":1,"method":"m","params":{"text":""}}'.length + 10_000_000,
  );
});

test("notifications with the library's own names are dropped, whatever their params", async () => {
  const { input, seen } = startReader();
  for (const params of [
    "",
    ',"params":null',
    ',"params":{}',
    ',"params":{"id":null}',
    ',"params":[1]',
    ',"params":{"id":{}}',
  ]) {
    for (const name of ["$/cancelRequest", "$/progress", "$/logTrace", "$/setTrace"]) {
      input.write(`{"jsonrpc":"2.0","method":"${name}"${params}}\n`);
    }
  }
  await settle();
  expect(seen).toEqual([]);
});

test("a receiver that throws does not stop the stream", async () => {
  const delivered: Message[] = [];
  const { input, logged } = startReader({
    isHandled: () => true,
    deliver: (message) => {
      delivered.push(message);
      throw new Error("hunter2");
    },
  });
  input.write('{"jsonrpc":"2.0","method":"a"}\n{"jsonrpc":"2.0","method":"b"}\n');
  await settle();
  expect(delivered).toHaveLength(2);
  expect(logged).toEqual([
    { level: "error", message: "a line could not be handled", fields: { error: "Error" } },
    { level: "error", message: "a line could not be handled", fields: { error: "Error" } },
  ]);
});

describe("the end", () => {
  test("leaves the connection open, for the last events of acknowledged runs", async () => {
    const { input, seen, answer } = startReader();
    input.end('{"jsonrpc":"2.0","id":1,"method":"a"}\n{"jsonrpc":"2.0","id":1,"method":"b"}');
    await settle();
    expect(seen.slice(2)).toEqual(["eof"]);
    answer(1);
    answer(2);
    await settle();
    expect(seen.slice(2)).toEqual(["eof"]);
  });

  test("is reported at once when no request is open", async () => {
    const { input, seen } = startReader();
    input.end();
    await settle();
    expect(seen).toEqual(["eof"]);
  });

  test.each(["error", "destroy"])("is reported once, also by %s, and a torn line is not a message", async (way) => {
    const { input, seen } = startReader();
    input.write('{"jsonrpc":"2.0","id":1,"method":"a"}');
    await settle();
    input.destroy(way === "error" ? new Error("EIO") : undefined);
    await settle();
    expect(seen).toEqual(["eof"]);
  });

  test("is noticed when it came before listening began", async () => {
    const input = new PassThrough();
    input.destroy();
    await settle();
    const seen: string[] = [];
    const reader = new NdjsonReader(input, {
      ledger: new RequestLedger(),
      refuse: () => undefined,
      onResponse: () => undefined,
      isHandled: () => false,
      onEof: () => void seen.push("eof"),
      log: silentLog,
    });
    reader.listen(() => undefined);
    await settle();
    expect(seen).toEqual(["eof"]);
  });

  test("nothing is read after dispose, and late errors are harmless", async () => {
    const { input, seen, reader } = startReader();
    reader.dispose();
    input.write('{"jsonrpc":"2.0","id":1,"method":"a"}\n');
    await settle();
    expect(input.isPaused()).toBe(true);
    input.destroy(new Error("late"));
    await settle();
    expect(seen).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type Method, method } from "../../../src/stdio/index.ts";
import { ExecutionFailure } from "../../../src/support/failure.ts";
import { deferred, recordingLog, SlowSink, settle, startWire } from "./harness.ts";

const ok: Method = () => ({ ok: true });
const request = (id: unknown, name: string, params?: unknown) => ({ jsonrpc: "2.0", id, method: name, params });
const parsed = (lines: string[]) => lines.map((line) => JSON.parse(line));

describe("requests", () => {
  test("are answered with their own id, in its type", async () => {
    const { input, sink } = startWire({ methods: { ok } });
    input.write('{"jsonrpc":"2.0","id":1,"method":"ok"}\n{"jsonrpc":"2.0","id":"1","method":"ok","params":null}\n');
    input.write(
      '{"jsonrpc":"2.0","id":0,"method":"ok","params":[1,2]}\n{"jsonrpc":"2.0","id":"","method":"ok","params":{}}\n',
    );
    expect((await sink.first(4)).sort()).toEqual([
      '{"jsonrpc":"2.0","id":"","result":{"ok":true}}',
      '{"jsonrpc":"2.0","id":"1","result":{"ok":true}}',
      '{"jsonrpc":"2.0","id":0,"result":{"ok":true}}',
      '{"jsonrpc":"2.0","id":1,"result":{"ok":true}}',
    ]);
  });

  test.each([
    ["the same number", [1, 1, 1]],
    ["a number and its text", [1, "1", 1]],
  ])("with %s in one chunk are all answered", async (_, ids) => {
    let calls = 0;
    const { send, sink } = startWire({ methods: { count: () => ({ n: ++calls }) } });
    send(...ids.map((id) => request(id, "count")));
    expect(parsed(await sink.first(3))).toEqual(ids.map((id, n) => ({ jsonrpc: "2.0", id, result: { n: n + 1 } })));
  });

  test("a second one with the id of a running one is served while that one runs", async () => {
    const run = deferred<object>();
    const { send, sink } = startWire({ methods: { run: () => run.promise, shutdown: () => ({ kind: "ok" }) } });
    send(request(1, "run"));
    await settle();
    send(request(1, "shutdown"));
    await sink.first(1);
    run.resolve({ kind: "done" });
    expect(await sink.first(2)).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{"kind":"ok"}}',
      '{"jsonrpc":"2.0","id":1,"result":{"kind":"done"}}',
    ]);
  });

  test("pass their params to the method unchanged", async () => {
    const seen: unknown[] = [];
    const keep: Method = (params) => {
      seen.push(params);
      return {};
    };
    const { send, sink } = startWire({ methods: { keep } });
    send(request(1, "keep"), request(1, "keep", null), request(1, "keep", [1, 2]), request(1, "keep", { a: "\u2028" }));
    await sink.first(4);
    expect(seen).toEqual([undefined, null, [1, 2], { a: "\u2028" }]);
  });

  test("do not wait for each other", async () => {
    const slow = deferred<object>();
    const { send, sink } = startWire({ methods: { slow: () => slow.promise, ok } });
    send(request(1, "slow"), request(2, "ok"));
    expect(await sink.first(1)).toEqual(['{"jsonrpc":"2.0","id":2,"result":{"ok":true}}']);
    slow.resolve({});
    await sink.first(2);
  });
});

describe("errors", () => {
  const methods: Record<string, Method> = {
    throws: () => {
      throw new ExecutionFailure("not_found", "there is no such agent");
    },
    rejects: async () => {
      throw new ExecutionFailure("unavailable", "the service is down");
    },
    unforeseen: () => {
      throw new TypeError("cannot read properties of hunter2");
    },
    nothing: async () => {
      throw undefined;
    },
    strict: method(z.strictObject({ name: z.string() }), () => ({})),
  };
  const failed = (code: number, message: string, kind: string) => ({
    code,
    message,
    data: { dispatch_error: { code: kind, message } },
  });

  test.each<[string, unknown, object]>([
    ["throws", {}, failed(-32000, "there is no such agent", "not_found")],
    ["rejects", {}, failed(-32000, "the service is down", "unavailable")],
    [
      "unforeseen",
      {},
      failed(-32000, "seren-bridge met an error it did not foresee; its log has the details", "internal"),
    ],
    [
      "nothing",
      {},
      failed(-32000, "seren-bridge met an error it did not foresee; its log has the details", "internal"),
    ],
    ["strict", undefined, failed(-32000, "name: Invalid input: expected string, received undefined", "invalid_input")],
    ["missing", {}, { code: -32601, message: "unknown method missing" }],
    ["__proto__", {}, { code: -32601, message: "unknown method __proto__" }],
    ["toString", {}, { code: -32601, message: "unknown method toString" }],
    ["$/cancelRequest", {}, { code: -32601, message: "unknown method $/cancelRequest" }],
    ["m".repeat(300), {}, { code: -32601, message: `unknown method ${"m".repeat(197)}…` }],
  ])("%s", async (name, params, error) => {
    const { send, sink } = startWire({ methods });
    send(request(1, name, params));
    expect(parsed(await sink.first(1))).toEqual([{ jsonrpc: "2.0", id: 1, error }]);
  });

  test.each<[string, () => unknown]>([
    ["undefined", () => undefined],
    ["null", async () => null],
    ["a list", () => [1]],
    ["a text", () => "done"],
    ["a promise of a function", async () => () => 1],
    [
      "a circle",
      () => {
        const circle: Record<string, unknown> = {};
        circle.circle = circle;
        return circle;
      },
    ],
    [
      "a thenable that throws",
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what a broken method might hand back
        then: () => {
          throw new Error("hunter2");
        },
      }),
    ],
  ])("a method that answers %s gets exactly one error reply", async (_, garbage) => {
    const { send, sink } = startWire({ methods: { garbage: garbage as Method, ok } });
    send(request(1, "garbage"), request(2, "ok"));
    const replies = parsed(await sink.first(2));
    await settle();
    expect(sink.lines).toHaveLength(2);
    expect(replies.map((reply) => reply.id).sort()).toEqual([1, 2]);
    const error = replies.find((reply) => reply.id === 1).error;
    expect(error.code).toBe(-32000);
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("an adapter whose error table throws loses its own text only", async () => {
    const { send, sink } = startWire({
      methods,
      toWireError: () => {
        throw new Error("hunter2");
      },
    });
    send(request(1, "throws"), request(2, "missing"));
    expect(parsed(await sink.first(2))).toEqual([
      { jsonrpc: "2.0", id: 1, error: { code: -32603, message: "there is no such agent" } },
      { jsonrpc: "2.0", id: 2, error: { code: -32603, message: "missing" } },
    ]);
  });

  test("messages and data are redacted", async () => {
    const { send, sink, redactor } = startWire({
      methods: {
        leak: () => {
          throw new ExecutionFailure("contract", "the service said hunter2hunter2");
        },
      },
    });
    redactor.add("hunter2hunter2");
    send(request(1, "leak"));
    expect((await sink.first(1))[0]).toBe(
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"the service said [redacted]","data":{"dispatch_error":{"code":"contract","message":"the service said [redacted]"}}}}',
    );
  });

  test("an unforeseen one is logged with its method, a foreseen one is not", async () => {
    const { log, lines } = recordingLog();
    const { send, sink } = startWire({ methods, log });
    send(request(1, "unforeseen"), request(1, "throws"), request(1, "missing"));
    await sink.first(3);
    expect(lines.map((line) => [line.level, line.message, line.fields.method])).toEqual([
      ["error", "a method failed", "unforeseen"],
    ]);
  });
});

describe("lines that are no requests", () => {
  test("are refused or ignored, and the next request is served", async () => {
    const { input, sink } = startWire({ methods: { ok } });
    input.write(
      [
        "{",
        '[{"jsonrpc":"2.0","id":1,"method":"ok"}]',
        "7",
        '{"jsonrpc":"1.0","id":1,"method":"ok"}',
        '{"jsonrpc":"2.0","id":1.5,"method":"ok"}',
        '{"jsonrpc":"2.0","id":1,"method":7}',
        "",
        '{"jsonrpc":"2.0","id":1,"result":{}}',
        '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}',
        '{"jsonrpc":"2.0","method":"nobody"}',
        '{"jsonrpc":"2.0","method":"ok"}',
        '{"jsonrpc":"2.0","method":"$/cancelRequest"}',
        '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
        '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":null}}',
        '{"jsonrpc":"2.0","method":"$/progress","params":[]}',
        '{"jsonrpc":"2.0","id":9,"method":"ok"}',
        "",
      ].join("\n"),
    );
    expect(parsed(await sink.first(7)).map((reply) => [reply.id, reply.error?.code ?? reply.result])).toEqual([
      [null, -32700],
      [null, -32600],
      [null, -32600],
      [1, -32600],
      [null, -32600],
      [1, -32600],
      [9, { ok: true }],
    ]);
    await settle();
    expect(sink.lines).toHaveLength(7);
  });

  test("a cancellation of the library's kind does not affect a running request", async () => {
    const run = deferred<object>();
    const { send, sink } = startWire({ methods: { run: () => run.promise } });
    send(request(1, "run"));
    await settle();
    for (const id of [1, "1", 2]) send({ jsonrpc: "2.0", method: "$/cancelRequest", params: { id } });
    await settle();
    expect(sink.lines).toEqual([]);
    run.resolve({ done: true });
    expect(await sink.first(1)).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"done":true}}']);
  });
});

describe("order", () => {
  test("events of a run come before its result, awaited or not", async () => {
    const { send, sink } = startWire({
      methods: {
        run: async (_, { wire }) => {
          await wire.notify("event", { n: 1 });
          void wire.notify("event", { n: 2 });
          void wire.notify("event", { n: 3 });
          return { kind: "done" };
        },
      },
    });
    send(request(1, "run"));
    expect(parsed(await sink.first(4)).map((line) => line.params?.n ?? line.result.kind)).toEqual([1, 2, 3, "done"]);
  });

  test("what follows a reply cannot overtake it, even on a full pipe", async () => {
    const output = new SlowSink();
    const started: number[] = [];
    const { send, wire } = startWire({
      output,
      methods: {
        execute: (_, { afterReply, wire }) => {
          for (const n of [1, 2]) {
            afterReply(() => {
              started.push(n);
              void wire.notify("event", { n });
            });
          }
          return { ack: true };
        },
      },
    });
    void wire.notify("event", { n: 0 });
    send(request(1, "execute"));
    await settle();
    expect(started, "the reply is still queued").toEqual([]);
    for (let i = 0; i < 4; i += 1) {
      await output.offered();
      output.take();
      await settle();
    }
    expect(started).toEqual([1, 2]);
    expect(parsed(output.taken).map((line) => line.params?.n ?? "ack")).toEqual([0, "ack", 1, 2]);
  });

  test("what should follow a reply does not happen when an error is sent instead", async () => {
    const ran: string[] = [];
    const { send, sink } = startWire({
      methods: {
        throws: (_, { afterReply }) => {
          afterReply(() => void ran.push("throws"));
          throw new ExecutionFailure("conflict", "no");
        },
        large: (_, { afterReply }) => {
          afterReply(() => void ran.push("large"));
          return { a: "x".repeat(1_048_576) };
        },
      },
    });
    send(request(1, "throws"), request(2, "large"));
    await sink.first(2);
    await settle();
    expect(ran).toEqual([]);
  });

  test("asked for after the reply, it happens at once", async () => {
    const late = deferred();
    let ran = false;
    const { send, sink } = startWire({
      methods: {
        execute: (_, { afterReply }) => {
          void late.promise.then(() => {
            afterReply(() => {
              ran = true;
            });
          });
          return {};
        },
      },
    });
    send(request(1, "execute"));
    await sink.first(1);
    late.resolve();
    await settle();
    expect(ran).toBe(true);
  });

  test("when it fails, the wire goes on", async () => {
    const { log, lines } = recordingLog();
    const { send, sink } = startWire({
      log,
      methods: {
        execute: (_, { afterReply }) => {
          afterReply(() => {
            throw new Error("hunter2");
          });
          afterReply(async () => {
            throw new Error("hunter2");
          });
          return { ok: true };
        },
      },
    });
    send(request(1, "execute"), request(2, "execute"));
    await sink.first(2);
    await settle();
    expect(lines.map((line) => line.message)).toEqual(Array(4).fill("what should follow a reply failed"));
  });
});

describe("a slow host", () => {
  test("slows the run that sends, not the reading of requests", async () => {
    const output = new SlowSink();
    let sent = 0;
    let called = 0;
    const { send } = startWire({
      output,
      methods: {
        run: async (_, { wire }) => {
          for (; sent < 100_000; sent += 1) await wire.notify("event", { n: sent, text: "x".repeat(1000) });
          return {};
        },
        cancel: () => {
          called += 1;
          return {};
        },
      },
    });
    send(request(1, "run"));
    await settle();
    send(request(1, "cancel"), request(1, "cancel"));
    await settle();
    expect(sent).toBe(0);
    expect(called).toBe(2);
    expect(output.writableLength).toBeLessThan(1100);
    await output.offered();
    output.take();
    await settle();
    expect(sent).toBe(1);
  });
});

test("a notification that cannot be sent does not fail its sender", async () => {
  const { wire, sink } = startWire();
  await wire.notify("event", { a: "x".repeat(2_000_000) });
  await wire.notify("event", { a: 1n });
  await wire.notify("event", []);
  await wire.notify("event", { a: "lone \ud83d" });
  expect(sink.lines).toEqual(['{"jsonrpc":"2.0","method":"event","params":{"a":"lone �"}}']);
});

test("hostile nesting is refused with the request's id, and the next request is served", async () => {
  const { input, sink } = startWire({ methods: { ok } });
  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
  input.write(`{"jsonrpc":"2.0","id":1,"method":"ok","params":${deep}}\n{"jsonrpc":"2.0","id":2,"method":"ok"}\n`);
  expect(parsed(await sink.first(2)).map((reply) => [reply.id, reply.error?.code ?? reply.result])).toEqual([
    [1, -32600],
    [2, { ok: true }],
  ]);
});

import { describe, expect, test } from "vitest";
import type { Method } from "../../../src/stdio/index.ts";
import { deferred, END_BUDGET_MS, FLUSH_BUDGET_MS, Sink, SlowSink, settle, startWire } from "./harness.ts";

const request = (id: unknown, name: string) => ({ jsonrpc: "2.0", id, method: name });
const ok: Method = () => ({ ok: true });

describe("end of input", () => {
  test("directly after a request: the reply is still sent, then the wire ends", async () => {
    const answer = deferred<object>();
    const { input, sink, ended, ends, ambient } = startWire({ methods: { slow: () => answer.promise } });
    input.end('{"jsonrpc":"2.0","id":1,"method":"slow"}');
    await settle();
    expect(ends).toEqual(["eof"]);
    expect(sink.lines).toEqual([]);
    answer.resolve({ kind: "capabilities" });
    expect(await ended).toBe("eof");
    expect(sink.lines).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"kind":"capabilities"}}']);
    expect(ambient.timers.size, "no timer is left behind").toBe(0);
  });

  test("events of a request in flight are still sent", async () => {
    const go = deferred();
    const { input, sink, ended } = startWire({
      methods: {
        run: async (_, { wire }) => {
          await go.promise;
          await wire.notify("event", { n: 1 });
          return { kind: "done" };
        },
      },
    });
    input.end('{"jsonrpc":"2.0","id":1,"method":"run"}\n');
    await settle();
    go.resolve();
    await ended;
    expect(sink.lines).toEqual([
      '{"jsonrpc":"2.0","method":"event","params":{"n":1}}',
      '{"jsonrpc":"2.0","id":1,"result":{"kind":"done"}}',
    ]);
  });

  test("every request that came before it is known to its method before `onEnd` is called", async () => {
    const order: string[] = [];
    const { input, ended } = startWire({
      methods: {
        note: () => {
          order.push("method");
          return {};
        },
      },
      onEnd: async (cause) => void order.push(cause),
    });
    input.end(`${JSON.stringify(request(1, "note"))}\n`.repeat(5));
    await ended;
    expect(order).toEqual(["method", "method", "method", "method", "method", "eof"]);
  });

  test("without any request ends at once", async () => {
    const { input, sink, ended, ends } = startWire();
    input.end();
    expect(await ended).toBe("eof");
    expect(ends).toEqual(["eof"]);
    expect(sink.text).toBe("");
  });

  test("nothing is sent afterwards, and sending does not fail", async () => {
    const { input, sink, ended, wire } = startWire();
    input.end();
    await ended;
    await wire.notify("event", { n: 1 });
    expect(sink.text).toBe("");
  });
});

describe("a shutdown", () => {
  test("one that came before the wire was served ends it at once", async () => {
    const { ended, ends } = startWire({ shutdown: AbortSignal.abort() });
    expect(await ended).toBe("signal");
    expect(ends).toEqual(["signal"]);
  });

  test("runs are stopped, their requests answered, new ones refused", async () => {
    const run = deferred<object>();
    const { send, sink, shutDown, ended, ends, input } = startWire({
      methods: { run: () => run.promise, ok },
      onEnd: async (cause) => {
        ends.push(cause);
        run.resolve({ stopped: true });
      },
    });
    send(request(1, "run"));
    await settle();
    send(request(2, "ok")); // read, but not yet called
    shutDown();
    shutDown();
    expect(await ended).toBe("signal");
    expect(ends).toEqual(["signal"]);
    expect(sink.lines.map((line) => JSON.parse(line)).sort((a, b) => a.id - b.id)).toEqual([
      { jsonrpc: "2.0", id: 1, result: { stopped: true } },
      {
        jsonrpc: "2.0",
        id: 2,
        error: {
          code: -32000,
          message: "seren-bridge is shutting down and takes no new requests",
          data: {
            dispatch_error: { code: "cancelled", message: "seren-bridge is shutting down and takes no new requests" },
          },
        },
      },
    ]);
    expect(input.isPaused(), "nothing keeps the process up").toBe(true);
  });

  test("a run may still send its last events", async () => {
    const { wire, sink, shutDown, ended } = startWire({
      onEnd: () => wire.notify("event", { last: true }),
    });
    shutDown();
    await ended;
    expect(sink.lines).toEqual(['{"jsonrpc":"2.0","method":"event","params":{"last":true}}']);
  });
});

describe("a method asks for the end", () => {
  test("its reply is sent before `onEnd` is called", async () => {
    const sink = new Sink();
    const seen: [string, string][] = [];
    const { send, ended } = startWire({
      output: sink,
      methods: {
        shutdown: (_, { endAfterReply }) => {
          endAfterReply();
          return { kind: "ok" };
        },
      },
      onEnd: async (cause) => void seen.push([cause, sink.text]),
    });
    send(request(1, "shutdown"));
    expect(await ended).toBe("requested");
    expect(seen).toEqual([["requested", '{"jsonrpc":"2.0","id":1,"result":{"kind":"ok"}}\n']]);
  });

  test("while a run is unanswered: both are answered", async () => {
    const run = deferred<object>();
    const { send, sink, ended } = startWire({
      methods: {
        run: () => run.promise,
        shutdown: (_, { endAfterReply }) => {
          endAfterReply();
          return { kind: "ok" };
        },
      },
      onEnd: async () => run.resolve({ kind: "stopped" }),
    });
    send(request(1, "run"));
    await settle();
    send(request(1, "shutdown"));
    expect(await ended).toBe("requested");
    expect(sink.lines).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":{"kind":"ok"}}',
      '{"jsonrpc":"2.0","id":1,"result":{"kind":"stopped"}}',
    ]);
  });

  test("the wire ends even if the method then fails", async () => {
    const { send, sink, ended } = startWire({
      methods: {
        shutdown: (_, { endAfterReply }) => {
          endAfterReply();
          throw new Error("hunter2");
        },
      },
    });
    send(request(1, "shutdown"));
    expect(await ended).toBe("requested");
    expect(JSON.parse(sink.lines[0] ?? "").error.code).toBe(-32000);
  });
});

describe("a host that is gone", () => {
  test("ends the wire: requests settle, notifications resolve, nothing throws", async () => {
    const output = new SlowSink();
    const { send, ended, ends, wire } = startWire({ output, methods: { ok } });
    send(request(1, "ok"), request(2, "ok"));
    const notes = [wire.notify("event", { n: 1 }), wire.notify("event", { n: 2 })];
    await output.offered();
    output.breakPipe();
    expect(await ended).toBe("broken_pipe");
    await Promise.all([...notes, wire.notify("event", { n: 3 })]);
    expect(ends).toEqual(["broken_pipe"]);
  });

  test("starts nothing that was to follow a reply that was never sent", async () => {
    const output = new SlowSink();
    let started = false;
    const { send, ended, wire } = startWire({
      output,
      methods: {
        execute: (_, { afterReply, endAfterReply }) => {
          afterReply(() => {
            started = true;
          });
          endAfterReply();
          return {};
        },
      },
    });
    void wire.notify("event", { n: 1 });
    send(request(1, "execute"));
    await output.offered();
    await settle();
    output.breakPipe();
    expect(await ended).toBe("broken_pipe");
    expect(started).toBe(false);
  });
});

describe("the budget", () => {
  test("an `onEnd` that never settles is given up", async () => {
    const { input, ended, ambient } = startWire({ onEnd: () => new Promise(() => undefined) });
    input.end();
    await ambient.fire(END_BUDGET_MS);
    expect(await ended).toBe("eof");
  });

  test("`onEnd` is waited for while there is time", async () => {
    const stopping = deferred();
    const { input, ended } = startWire({ onEnd: () => stopping.promise });
    let over = false;
    void ended.then(() => {
      over = true;
    });
    input.end();
    await settle();
    expect(over).toBe(false);
    stopping.resolve();
    expect(await ended).toBe("eof");
  });

  test.each<[string, () => Promise<void>]>([
    [
      "throws",
      () => {
        throw new Error("hunter2");
      },
    ],
    ["rejects", () => Promise.reject(new Error("hunter2"))],
  ])("an `onEnd` that %s ends all the same", async (_, onEnd) => {
    const { input, ended, sink } = startWire({ onEnd });
    input.end();
    expect(await ended).toBe("eof");
    expect(sink.text).toBe("");
  });

  test("a request that is not answered in time gets one error, even if its method settles later", async () => {
    const run = deferred<object>();
    const { input, sink, ended, ambient } = startWire({ methods: { run: () => run.promise } });
    input.end('{"jsonrpc":"2.0","id":1,"method":"run"}\n');
    await ambient.fire(END_BUDGET_MS);
    expect(await ended).toBe("eof");
    run.resolve({ late: true });
    await settle();
    expect(sink.lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 1, error: { code: -32000, message: "seren-bridge ended before this request was done" } },
    ]);
  });

  test("the end waits for the last byte, within a limit", async () => {
    const output = new SlowSink();
    const { send, ended, shutDown, ambient } = startWire({ output, methods: { ok } });
    let over = false;
    void ended.then(() => {
      over = true;
    });
    send(request(1, "ok"));
    await output.offered();
    shutDown();
    await settle();
    expect(over, "the reply is not written yet").toBe(false);
    await ambient.fire(FLUSH_BUDGET_MS);
    expect(await ended).toBe("signal");
  });

  test("ends as soon as the last byte is out", async () => {
    const output = new SlowSink();
    const { send, ended, shutDown, ambient } = startWire({ output, methods: { ok } });
    send(request(1, "ok"));
    await output.offered();
    shutDown();
    await settle();
    output.take();
    expect(await ended).toBe("signal");
    expect(output.taken).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"ok":true}}\n']);
    expect(ambient.timers.size).toBe(0);
  });
});

test("the first cause counts", async () => {
  const { input, shutDown, ended, ends, sink } = startWire({ onEnd: async (cause) => void ends.push(cause) });
  shutDown();
  input.end();
  sink.destroy();
  shutDown();
  expect(await ended).toBe("signal");
  await settle();
  expect(ends).toEqual(["signal"]);
});

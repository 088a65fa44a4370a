/** Notifications of the host, and requests that it cancels with one. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type Cancellation, type Method, NO_REPLY, notification } from "../../../src/stdio/index.ts";
import { ExecutionFailure } from "../../../src/support/failure.ts";
import { isObject } from "../../../src/support/objects.ts";
import { deferred, END_BUDGET_MS, recordingLog, SlowSink, settle, startWire } from "./harness.ts";

const request = (id: unknown, name: string, params?: unknown) => ({ jsonrpc: "2.0", id, method: name, params });
const note = (name: string, params?: unknown) => ({ jsonrpc: "2.0", method: name, params });
const ok: Method = () => ({ ok: true });

/** As MCP has it: a cancelled request gets no reply. */
const silent: Cancellation = {
  notification: "notifications/cancelled",
  requestId: (params) => (isObject(params) ? params.requestId : undefined),
  paramsFor: (requestId) => ({ requestId }),
  replies: false,
};
/** As ACP has it: the reply says that it was cancelled. */
const replying: Cancellation = { ...silent, notification: "$/cancel_request", replies: true };
const cancel = (id: unknown) => note(silent.notification, { requestId: id });

/** Ends when it is cancelled, with what `end` returns or throws. */
const untilCancelled =
  (end: (reason: unknown) => object): Method =>
  (_, { signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        try {
          resolve(end(signal.reason));
        } catch (error) {
          reject(error);
        }
      });
    });

describe("notifications", () => {
  test("come before a response that was sent after them, however many there are", async () => {
    const seen: string[] = [];
    const { send, sink } = startWire({
      methods: {
        ask: async (_, { wire, signal }) => {
          await wire.request("question", {}, z.unknown(), { signal, timeoutMs: 60_000 });
          seen.push("answer");
          return {};
        },
      },
      notifications: { note: () => void seen.push("note") },
    });
    send(request(1, "ask"));
    await sink.first(1);
    send(...Array.from({ length: 40 }, () => note("note")), { jsonrpc: "2.0", id: "s1", result: {} });
    await sink.first(2);
    expect(seen).toEqual([...Array.from({ length: 40 }, () => "note"), "answer"]);
  });

  test("reach their handler with their params, in order with the requests around them", async () => {
    const seen: unknown[] = [];
    const { send, sink } = startWire({
      methods: {
        ask: (params) => {
          seen.push(["ask", params]);
          return {};
        },
      },
      notifications: { note: (params) => void seen.push(["note", params]) },
    });
    send(
      request(1, "ask", { n: 1 }),
      note("note", { n: 2 }),
      request(2, "ask", { n: 3 }),
      note("note"),
      note("note", [4]),
    );
    await settle();
    expect(seen).toEqual([
      ["ask", { n: 1 }],
      ["note", { n: 2 }],
      ["ask", { n: 3 }],
      ["note", undefined],
      ["note", [4]],
    ]);
    expect(sink.lines, "only the requests are answered").toHaveLength(2);
  });

  test("without a handler are ignored, also under names that every object has", async () => {
    const { send, sink } = startWire({ methods: { ok }, notifications: {} });
    for (const name of ["ok", "__proto__", "toString", "$/setTrace", "$/progress", "$/cancelRequest"]) send(note(name));
    send(request(1, "ok"));
    await sink.first(1);
    await settle();
    expect(sink.lines).toHaveLength(1);
  });

  test("may have names that begin with $/, but for those of the library", async () => {
    const seen: unknown[] = [];
    const names = ["$/setTrace", "$/note", "$/cancelRequest", "$/progress", "$/logTrace"];
    const keep = (name: string) => [name, (params: unknown) => void seen.push([name, params])] as const;
    const { send } = startWire({ notifications: Object.fromEntries(names.map(keep)) });
    for (const name of names) send(note(name, { id: 1 }));
    await settle();
    expect(seen).toEqual([
      ["$/setTrace", { id: 1 }],
      ["$/note", { id: 1 }],
    ]);
  });

  test("may send, through the wire of their context", async () => {
    const { send, sink } = startWire({ notifications: { note: (_, { wire }) => wire.notify("seen", { a: 1 }) } });
    send(note("note"));
    expect(await sink.first(1)).toEqual(['{"jsonrpc":"2.0","method":"seen","params":{"a":1}}']);
  });

  test("whose params do not fit are ignored", async () => {
    const seen: unknown[] = [];
    const { log, lines } = recordingLog();
    const schema = z.looseObject({ n: z.number() });
    const { send } = startWire({ log, notifications: { note: notification(schema, ({ n }) => void seen.push(n)) } });
    send(note("note"), note("note", { n: "hunter2" }), note("note", [1]), note("note", { n: 1 }));
    await settle();
    expect(seen).toEqual([1]);
    expect(lines).toEqual(
      Array(3).fill({ level: "debug", message: "a notification was ignored", fields: { method: "note" } }),
    );
  });

  test.each<[string, () => void | Promise<void>]>([
    [
      "throws",
      () => {
        throw new TypeError("odd");
      },
    ],
    ["rejects", () => Promise.reject(new TypeError("odd"))],
  ])("whose handler %s cost a log line and nothing else", async (_, handler) => {
    const { log, lines } = recordingLog();
    const { send, sink } = startWire({ log, methods: { ok }, notifications: { note: handler } });
    send(note("note"), request(1, "ok"));
    await sink.first(1);
    expect(lines.map(({ level, message, fields }) => [level, message, fields.method])).toEqual([
      ["error", "a notification handler failed", "note"],
    ]);
  });

  test("are not waited for", async () => {
    const { send, sink, input, ended } = startWire({
      methods: { ok },
      notifications: { note: () => new Promise(() => undefined) },
    });
    send(note("note"), request(1, "ok"));
    await sink.first(1);
    input.end();
    expect(await ended).toBe("eof");
  });
});

describe("a cancelled request on a wire that forbids its reply", () => {
  test.each<[string, Method]>([
    ["returns a result", untilCancelled(() => ({ done: true }))],
    [
      "throws the reason",
      untilCancelled((reason) => {
        throw reason;
      }),
    ],
    ["returns garbage", untilCancelled(() => [1])],
    ["returns NO_REPLY", untilCancelled(() => NO_REPLY)],
  ])("gets none when its method %s, and the wire ends without waiting for one", async (_, run) => {
    const { log, lines } = recordingLog();
    const { send, sink, input, ended, ambient } = startWire({ log, methods: { run, ok }, cancellation: silent });
    send(request("a", "run"));
    await settle();
    send(cancel("a"), request(2, "ok"));
    expect(await sink.first(1)).toEqual(['{"jsonrpc":"2.0","id":2,"result":{"ok":true}}']);
    await settle();
    input.end();
    expect(await ended).toBe("eof");
    expect(sink.lines).toHaveLength(1);
    expect(ambient.timers.size).toBe(0);
    expect(lines.filter(({ level }) => level !== "info")).toEqual([]);
  });

  test("is cancelled with a reason that says who asked", async () => {
    const reasons: unknown[] = [];
    const run = untilCancelled((reason) => {
      reasons.push(reason);
      return {};
    });
    const { send } = startWire({ methods: { run }, cancellation: silent });
    send(request(1, "run"), cancel(1));
    await settle();
    expect(reasons).toEqual([new ExecutionFailure("cancelled", "the host cancelled this request")]);
  });

  test("reaches its method first, even in one chunk with the cancellation", async () => {
    let cancelled = 0;
    const run = untilCancelled(() => {
      cancelled += 1;
      return {};
    });
    const { send, sink } = startWire({ methods: { run }, cancellation: silent });
    send(request(1, "run"), cancel(1), cancel(1));
    await settle();
    expect(cancelled).toBe(1);
    expect(sink.lines).toEqual([]);
  });

  test("does not start what should follow its reply", async () => {
    let followed = false;
    const run: Method = async (params, context) => {
      context.afterReply(() => {
        followed = true;
      });
      return untilCancelled(() => ({}))(params, context);
    };
    const { send } = startWire({ methods: { run }, cancellation: silent });
    send(request(1, "run"), cancel(1));
    await settle();
    expect(followed).toBe(false);
  });

  test("still ends the wire if it asked for that", async () => {
    const run: Method = async (params, context) => {
      context.endAfterReply();
      return untilCancelled(() => ({}))(params, context);
    };
    const { send, ended, sink } = startWire({ methods: { run }, cancellation: silent });
    send(request(1, "run"), cancel(1));
    expect(await ended).toBe("requested");
    expect(sink.text).toBe("");
  });

  test("is waited for at the end, within the budget, and gets no reply from the end either", async () => {
    const { send, input, ended, ambient, sink } = startWire({
      methods: { run: () => new Promise(() => undefined) },
      cancellation: silent,
    });
    send(request(1, "run"), cancel(1));
    await settle();
    input.end();
    await ambient.fire(END_BUDGET_MS);
    expect(await ended).toBe("eof");
    expect(sink.text).toBe("");
  });

  test("whose cancel comes after its answer keeps the answer", async () => {
    const { send, sink } = startWire({ methods: { ok }, cancellation: silent });
    send(request(1, "ok"));
    await sink.first(1);
    send(cancel(1), request(1, "ok"));
    await sink.first(2);
    await settle();
    expect(sink.lines).toEqual(Array(2).fill('{"jsonrpc":"2.0","id":1,"result":{"ok":true}}'));
  });

  test("whose answer waits for the pipe is not cancelled any more", async () => {
    const output = new SlowSink();
    let aborted = false;
    const { send, wire } = startWire({
      output,
      methods: {
        run: (_, { signal }) => {
          signal.addEventListener("abort", () => {
            aborted = true;
          });
          return { ok: true };
        },
      },
      cancellation: silent,
    });
    void wire.notify("event", {});
    send(request(1, "run"));
    await settle();
    send(cancel(1));
    await settle();
    for (const _ of [1, 2]) {
      await output.offered();
      output.take();
    }
    expect(output.taken[1]).toBe('{"jsonrpc":"2.0","id":1,"result":{"ok":true}}\n');
    expect(aborted).toBe(false);
  });
});

describe("which request is cancelled", () => {
  const waiting = () => {
    const cancelled: unknown[] = [];
    const run: Method = (params, context) =>
      untilCancelled(() => {
        cancelled.push(params);
        return {};
      })(params, context);
    return { cancelled, ...startWire({ methods: { run }, cancellation: silent }) };
  };

  test("every open one with the id, by its exact type", async () => {
    const { cancelled, send } = waiting();
    send(request(1, "run", [1]), request("1", "run", [2]), request(1, "run", [3]), request(2, "run", [4]));
    send(cancel(1));
    await settle();
    expect(cancelled).toEqual([[1], [3]]);
    send(cancel("1"));
    await settle();
    expect(cancelled).toEqual([[1], [3], [2]]);
  });

  test("not one that came after the cancel and has the same id", async () => {
    const { cancelled, send } = waiting();
    send(cancel(1), request(1, "run", [1]));
    await settle();
    expect(cancelled).toEqual([]);
  });

  test("none by an id that is unknown or no id", async () => {
    const { cancelled, send, sink } = waiting();
    send(request(1, "run"), request("", "run"));
    for (const id of [2, "2", null, undefined, {}, [1], true, 1.5, "\ud83d", "x".repeat(5000)]) send(cancel(id));
    for (const params of [undefined, null, [], [1], {}]) send(note(silent.notification, params));
    await settle();
    expect(cancelled).toEqual([]);
    expect(sink.text).toBe("");
  });

  test("none on a wire without a cancellation", async () => {
    const run = deferred<object>();
    const { send, sink } = startWire({ methods: { run: () => run.promise } });
    send(request(1, "run"), cancel(1), note("$/cancel_request", { requestId: 1 }));
    await settle();
    run.resolve({ done: true });
    expect(await sink.first(1)).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"done":true}}']);
  });

  test("a lookup of the id that fails costs a log line", async () => {
    const { log, lines } = recordingLog();
    const requestId = (params: unknown) => (params as { requestId: unknown }).requestId;
    const { send, sink } = startWire({ log, methods: { ok }, cancellation: { ...silent, requestId } });
    send(note(silent.notification), request(1, "ok"));
    await sink.first(1);
    expect(lines.map(({ message }) => message)).toEqual(["a notification handler failed"]);
  });
});

test("on a wire that wants it, a cancelled request is answered as its method decides", async () => {
  const { send, sink } = startWire({
    methods: {
      result: untilCancelled(() => ({ stopReason: "cancelled" })),
      error: untilCancelled((reason) => {
        throw reason;
      }),
    },
    cancellation: replying,
  });
  send(request(1, "result"), request(2, "error"));
  for (const id of [1, 2]) send(note("$/cancel_request", { requestId: id }));
  expect((await sink.first(2)).map((line) => JSON.parse(line))).toMatchObject([
    { id: 1, result: { stopReason: "cancelled" } },
    { id: 2, error: { message: "the host cancelled this request" } },
  ]);
});

test("a method may end without a reply on any wire", async () => {
  const { send, sink, input, ended } = startWire({ methods: { none: () => NO_REPLY, ok } });
  send(request(1, "none"), request(2, "ok"));
  expect(await sink.first(1)).toEqual(['{"jsonrpc":"2.0","id":2,"result":{"ok":true}}']);
  input.end();
  expect(await ended).toBe("eof");
  expect(sink.lines).toHaveLength(1);
});

/** Requests to the host: each settles exactly once, whatever the host answers and however the wire ends. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { HostRequests } from "../../../src/stdio/host-requests.ts";
import { type Cancellation, HostError, type ServeOptions } from "../../../src/stdio/index.ts";
import { ExecutionFailure } from "../../../src/support/failure.ts";
import { silentLog } from "../../../src/support/log.ts";
import { deferred, HandAmbient, recordingLog, SlowSink, settle, startWire } from "./harness.ts";

const cancellation: Cancellation = {
  notification: "$/cancel_request",
  requestId: () => undefined,
  paramsFor: (requestId) => ({ requestId }),
  replies: true,
};
const TIMEOUT_MS = 77;
const Schema = z.looseObject({ action: z.string() });
const asked = (id: string) => `{"jsonrpc":"2.0","id":"${id}","method":"ask","params":{"q":1}}`;
const cancelled = (id: string) => `{"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":"${id}"}}`;

function start(options: Partial<ServeOptions> = {}) {
  const { log, lines: logged } = recordingLog();
  const harness = startWire({ log, cancellation, ...options });
  const stop = new AbortController();
  const ask = (params: object = { q: 1 }, signal = stop.signal) =>
    harness.wire.request("ask", params, Schema, { signal, timeoutMs: TIMEOUT_MS }).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  const respond = (body: object) => harness.send({ jsonrpc: "2.0", ...body });
  const raw = (text: string) => void harness.input.write(text);
  return { ...harness, logged, stop, ask, respond, raw };
}

const failed = (kind: ExecutionFailure["kind"], message: string) => ({ error: new ExecutionFailure(kind, message) });
const ENDED = failed("cancelled", "the host is gone, or seren-bridge is shutting down");

describe("an answer", () => {
  test("settles its own request, in any order, and keeps members of a newer host", async () => {
    const { ask, respond, sink, ambient } = start();
    const answers = [ask(), ask(), ask()];
    expect(await sink.first(3)).toEqual([asked("s1"), asked("s2"), asked("s3")]);
    respond({ id: "s3", result: { action: "c", more: true } });
    respond({ id: "s1", result: { action: "a" } });
    respond({ id: "s2", result: { action: "b" } });
    expect(await Promise.all(answers)).toEqual([
      { value: { action: "a" } },
      { value: { action: "b" } },
      { value: { action: "c", more: true } },
    ]);
    expect(ambient.timers.size, "no deadline is left").toBe(0);
  });

  test("does not depend on where its bytes are cut", async () => {
    const bytes = Buffer.from('{"jsonrpc":"2.0","id":"s1","result":{"action":"é😀"}}\n');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { ask, input } = start();
      const answer = ask();
      input.write(bytes.subarray(0, cut));
      await new Promise<void>((resolve) => void setImmediate(resolve));
      input.write(bytes.subarray(cut));
      expect(await answer, `cut at ${cut}`).toEqual({ value: { action: "é😀" } });
    }
  });

  test("that is an error rejects with the host's code, message and data", async () => {
    const { ask, respond } = start();
    const answer = ask();
    respond({ id: "s1", error: { code: -32601, message: "no such method", data: { why: [1] } } });
    const { error } = (await answer) as { error: HostError };
    expect(error).toBeInstanceOf(HostError);
    expect([error.code, error.message, error.data]).toEqual([-32601, "no such method", { why: [1] }]);
  });

  test.each<[string, unknown, number, string]>([
    ["a text", "no", -32000, ""],
    ["a number", 7, -32000, ""],
    ["a list", [1], -32000, ""],
    ["an empty object", {}, -32000, ""],
    ["a code that is text", { code: "E", message: "m" }, -32000, "m"],
    ["a code with a fraction", { code: 1.5, message: "m" }, -32000, "m"],
    ["a message that is none", { code: 3, message: { a: 1 } }, 3, ""],
    ["a long message", { code: 3, message: "x".repeat(100_000) }, 3, `${"x".repeat(997)}…`],
  ])("that is an odd error, %s, still rejects as a refusal", async (_, odd, code, message) => {
    const { ask, respond } = start();
    const answer = ask();
    respond({ id: "s1", error: odd });
    const { error } = (await answer) as { error: HostError };
    expect(error).toBeInstanceOf(HostError);
    expect([error.code, error.message]).toEqual([code, message]);
  });

  test("with an error of null beside its result is a result", async () => {
    const { ask, respond } = start();
    const answer = ask();
    respond({ id: "s1", result: { action: "a" }, error: null });
    expect(await answer).toEqual({ value: { action: "a" } });
  });

  test.each<[string, object, string]>([
    ["of another shape", { result: { action: 7 } }, "action: Invalid input: expected string, received number"],
    ["of null", { result: null }, "Invalid input: expected object, received null"],
    ["without result and error", { error: null }, "it has neither a result nor an error"],
    [
      "nested too deep",
      { result: JSON.parse(`${"[".repeat(300)}${"]".repeat(300)}`) },
      "it is nested deeper than 256 levels",
    ],
  ])("%s breaks the contract", async (_, body, problem) => {
    const { ask, respond } = start();
    const answer = ask();
    respond({ id: "s1", ...body });
    expect(await answer).toEqual(failed("contract", `the host's answer to ask cannot be read: ${problem}`));
  });

  test("that belongs to no request is ignored and noted", async () => {
    const { ask, respond, raw, sink, logged } = start();
    const answer = ask();
    const odd = [1, "1", 0, null, "s2", "s01", "S1", "", "__proto__", ["s1"], { s1: 1 }, true];
    for (const id of odd) respond({ id, result: { action: "x" } });
    respond({ result: { action: "x" } });
    raw('{"error":{"code":-32700,"message":"what?"}}\n');
    await settle();
    expect(logged.map(({ level, message }) => [level, message])).toEqual(
      Array(odd.length + 2).fill(["debug", "a response to no open request was ignored"]),
    );
    respond({ id: "s1", result: { action: "a" } });
    respond({ id: "s1", result: { action: "twice" } });
    expect(await answer).toEqual({ value: { action: "a" } });
    await settle();
    expect(sink.lines, "a response is never answered").toHaveLength(1);
    expect(logged).toHaveLength(odd.length + 3);
  });

  test("torn by another line is lost alone", async () => {
    const { ask, raw, sink } = start();
    const answers = [ask(), ask()];
    raw('{"jsonrpc":"2.0","id":"s1","resu{"jsonrpc":"2.0","id":"s2","result":{"action":"b"}}\n');
    raw('{"jsonrpc":"2.0","id":"s2","result":{"action":"b"}}\n');
    expect(await answers[1]).toEqual({ value: { action: "b" } });
    expect(JSON.parse((await sink.first(3))[2] ?? "")).toMatchObject({ id: null, error: { code: -32700 } });
  });
});

describe("a request that is no longer wanted", () => {
  test("rejects at once with the signal's reason and is cancelled on the host's side", async () => {
    const { ask, stop, sink, respond, logged, ambient } = start();
    const answer = ask();
    const reason = new Error("enough");
    stop.abort(reason);
    expect(await answer).toEqual({ error: reason });
    respond({ id: "s1", result: { action: "late" } });
    await settle();
    expect(sink.lines).toEqual([asked("s1"), cancelled("s1")]);
    expect(logged.map(({ message }) => message)).toEqual(["a response to no open request was ignored"]);
    expect(ambient.timers.size).toBe(0);
  });

  test("that was aborted before it is not sent", async () => {
    const { ask, stop, sink } = start();
    stop.abort(new Error("enough"));
    expect(await ask()).toEqual({ error: new Error("enough") });
    expect(sink.text).toBe("");
  });

  test("is not cancelled once it is answered", async () => {
    const { ask, stop, sink, respond } = start();
    const answer = ask();
    respond({ id: "s1", result: { action: "a" } });
    await answer;
    stop.abort();
    await settle();
    expect(sink.lines).toEqual([asked("s1")]);
  });

  test("is not cancelled by a signal that aborts in the tick of its answer", async () => {
    const sent: string[] = [];
    const requests = new HostRequests({
      send: (id) => void sent.push(id),
      cancel: (id) => void sent.push(`cancel ${id}`),
      ambient: new HandAmbient(),
      log: silentLog,
    });
    const stop = new AbortController();
    const answer = requests.request("ask", {}, Schema, { signal: stop.signal, timeoutMs: TIMEOUT_MS });
    requests.settle({ kind: "response", id: "s1", result: { kind: "value", value: { action: "a" } } });
    stop.abort();
    expect(await answer).toEqual({ action: "a" });
    expect(sent).toEqual(["s1"]);
  });

  test("fails after its time, and is cancelled on the host's side", async () => {
    const { ask, sink, ambient } = start();
    const answer = ask();
    await ambient.fire(TIMEOUT_MS);
    expect(await answer).toEqual(failed("timed_out", `the host did not answer ask within ${TIMEOUT_MS} ms`));
    expect(sink.lines).toEqual([asked("s1"), cancelled("s1")]);
  });

  test("sends nothing more on a wire without a cancellation", async () => {
    const { wire, sink } = startWire();
    const stop = new AbortController();
    const answer = wire.request("ask", { q: 1 }, Schema, { signal: stop.signal, timeoutMs: TIMEOUT_MS });
    stop.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
    await settle();
    expect(sink.lines).toEqual([asked("s1")]);
  });

  test("removes its listener from a signal that lives on", async () => {
    const { wire, respond } = start();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const answer = wire.request("ask", {}, Schema, { signal, timeoutMs: TIMEOUT_MS });
    respond({ id: "s1", result: { action: "a" } });
    await answer;
    expect(listeners).toBe(0);
  });
});

describe("the end", () => {
  test.each<[string, (harness: ReturnType<typeof start>) => void]>([
    ["of the input", ({ input }) => void input.end()],
    ["of the input in the middle of an answer", ({ input }) => void input.end('{"jsonrpc":"2.0","id":"s1","res')],
    ["of the input by an error", ({ input }) => void input.destroy(new Error("EIO"))],
    ["by a signal", ({ shutDown }) => shutDown()],
    ["by a broken pipe", ({ sink }) => void sink.destroy(new Error("EPIPE"))],
  ])("%s rejects what is pending, and later requests", async (_, end) => {
    const harness = start();
    const answers = [harness.ask(), harness.ask()];
    end(harness);
    expect(await Promise.all(answers)).toEqual([ENDED, ENDED]);
    expect(await harness.ask()).toEqual(ENDED);
    await harness.ended;
    expect(await harness.ask()).toEqual(ENDED);
    const sent = harness.sink.lines.filter((line) => "method" in JSON.parse(line));
    expect(sent, "nothing is cancelled on a host that is gone").toEqual([asked("s1"), asked("s2")]);
    expect(harness.ambient.timers.size).toBe(0);
  });

  test("lets an answer that came before it through", async () => {
    const { ask, input, ended } = start();
    const answer = ask();
    input.end('{"jsonrpc":"2.0","id":"s1","result":{"action":"a"}}');
    expect(await answer).toEqual({ value: { action: "a" } });
    expect(await ended).toBe("eof");
  });

  test("comes to a method that waits for the host: its request is answered, then the wire ends", async () => {
    const { send, input, sink, ended } = start({
      methods: {
        run: async (_, { wire, signal }) => {
          const question = wire.request("ask", { q: 1 }, Schema, { signal, timeoutMs: TIMEOUT_MS });
          return { answer: await question.catch((error: Error) => error.message) };
        },
      },
    });
    send({ jsonrpc: "2.0", id: 1, method: "run" });
    await sink.first(1);
    input.end();
    expect(await ended).toBe("eof");
    expect(JSON.parse(sink.lines[1] ?? "")).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { answer: "the host is gone, or seren-bridge is shutting down" },
    });
  });

  test("after a request that a method makes when the end has come: it is rejected at once", async () => {
    const go = deferred();
    const { send, shutDown, sink, ended } = start({
      methods: {
        run: async (_, { wire, signal }) => {
          await go.promise;
          await wire.request("ask", { q: 1 }, Schema, { signal, timeoutMs: TIMEOUT_MS });
          return {};
        },
      },
      onEnd: async () => go.resolve(),
    });
    send({ jsonrpc: "2.0", id: 1, method: "run" });
    await settle();
    shutDown();
    expect(await ended).toBe("signal");
    expect(sink.lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: 1, error: { message: ENDED.error.message } },
    ]);
  });
});

describe("what is sent", () => {
  test("keeps its place behind what was sent before, and its cancel behind it", async () => {
    const output = new SlowSink();
    const { ask, stop, wire } = start({ output });
    void wire.notify("event", { n: 1 });
    const answer = ask();
    stop.abort(new Error("enough"));
    await answer;
    for (let line = 0; line < 3; line += 1) {
      await output.offered();
      output.take();
      await settle();
    }
    expect(output.taken.join("").trimEnd().split("\n")).toEqual([
      '{"jsonrpc":"2.0","method":"event","params":{"n":1}}',
      asked("s1"),
      cancelled("s1"),
    ]);
  });

  test("is redacted and well-formed", async () => {
    const { ask, sink, redactor } = start();
    redactor.add("hunter2hunter2");
    void ask({ text: "hunter2hunter2 \ud83d" });
    expect((await sink.first(1))[0]).toContain('"params":{"text":"[redacted] �"}');
  });

  test.each<[string, object, string]>([
    ["too large", { a: "x".repeat(1_048_576) }, "the request is larger than the 1 MiB that one message may have"],
    ["a list", [1], "the request is not an object"],
    ["a bigint", { a: 1n }, "the request holds a number that JSON cannot carry"],
  ])("must be sendable: %s", async (_, params, message) => {
    const { ask, stop, sink, ambient } = start();
    expect(await ask(params)).toEqual(failed("internal", message));
    stop.abort();
    await settle();
    expect(sink.text).toBe("");
    expect(ambient.timers.size).toBe(0);
  });

  test("has ids of our own: a request of the host with the same id is another one", async () => {
    const { ask, send, sink, respond } = start({ methods: { ok: () => ({ ok: true }) } });
    const answer = ask();
    send({ jsonrpc: "2.0", id: "s1", method: "ok" });
    expect(await sink.first(2)).toEqual([asked("s1"), '{"jsonrpc":"2.0","id":"s1","result":{"ok":true}}']);
    respond({ id: "s1", result: { action: "a" } });
    expect(await answer).toEqual({ value: { action: "a" } });
  });
});

test("an error of the host that a method lets through costs that request only", async () => {
  const { send, sink, respond } = start({
    methods: {
      run: async (_, { wire, signal }) => wire.request("ask", { q: 1 }, Schema, { signal, timeoutMs: TIMEOUT_MS }),
    },
  });
  send({ jsonrpc: "2.0", id: 1, method: "run" });
  await sink.first(1);
  respond({ id: "s1", error: { code: -32601, message: "hunter2" } });
  const reply = (await sink.first(2))[1] ?? "";
  expect(JSON.parse(reply)).toMatchObject({ id: 1, error: { code: -32000 } });
  expect(reply).not.toContain("hunter2");
});

/** The model behaves as the real host was measured to. The child is scripted. */
import { expect, test } from "vitest";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";
import { type Json, RoderModel } from "./roder-model.ts";
import { StdoutPipe } from "./stdout-pipe.ts";

type Reply = (message: { id: number; method: string; params: Json }, say: (line: object | string) => void) => void;

function start(reply: Reply) {
  const clock = new VirtualAmbient(1, { startMs: 0 });
  const pipe = new StdoutPipe();
  const say = (line: object | string) => void pipe.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  const host = new RoderModel(clock, {
    write: (line) => reply(JSON.parse(line), say),
    read: () => pipe.read(),
  });
  return { clock, host, say, pipe };
}

const status = (dispatchId: unknown, detail: string) => ({
  method: "subagents/event",
  params: { dispatchId, event: { type: "status", status: "running", detail } },
});
const completed = (dispatchId: unknown) => ({
  method: "subagents/event",
  params: {
    dispatchId,
    event: {
      type: "completed",
      result: {
        thread_id: "t",
        turn_id: "u",
        agent_type: "a",
        model: null,
        final_message: "done",
        usage: null,
        exit_reason: "completed",
        metadata: {},
      },
    },
  },
});
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => "fulfilled",
    (error: Error) => error.message,
  );

test.each([
  [256, "fulfilled"],
  [257, "process extension timed out answering subagents/dispatch"],
])("%i events before the acknowledgement: %s", async (count, end) => {
  const { clock, host } = start(({ id, method, params: { dispatchId } }, say) => {
    if (method !== "subagents/dispatch") return;
    for (let i = 1; i < count; i += 1) say(status(dispatchId, `${i}`));
    say(completed(dispatchId));
    say({ id, result: { dispatchId } });
  });
  expect(await clock.runUntil(outcome(host.dispatch({})))).toBe(end);
});

test("a receiver that takes 20 ms for each of 600 statuses delays every other request by about 6.9 s", async () => {
  const { clock, host } = start(({ id, method, params: { dispatchId } }, say) => {
    say({ id, result: method === "subagents/dispatch" ? { dispatchId } : {} });
    if (method === "subagents/dispatch") for (let i = 1; i <= 600; i += 1) say(status(dispatchId, `${i}`));
  });
  const sink = () => new Promise<void>((resolve) => void clock.timer(20, resolve));
  void host.dispatch({}, { sink }).catch(() => undefined);
  await clock.advance(1);
  await clock.runUntil(host.request("tasks/spec", {}));
  expect(clock.now()).toBeGreaterThan(6800);
  expect(clock.now()).toBeLessThan(7000);
});

test("a timeout takes effect only when no event is queued: 200 statuses of 20 ms turn one second into four", async () => {
  const { clock, host } = start(({ id, params: { dispatchId } }, say) => {
    say({ id, result: { dispatchId } });
    for (let i = 1; i <= 200; i += 1) say(status(dispatchId, `${i}`));
  });
  const sink = () => new Promise<void>((resolve) => void clock.timer(20, resolve));
  const ended = outcome(host.dispatch({ timeout_seconds: 1 }, { sink }));
  expect(await clock.runUntil(ended)).toBe("subagent dispatcher seren-cloud timed out after 1s");
  expect(clock.now()).toBeGreaterThanOrEqual(4000);
});

test("the timeout is reported after the cancel was answered", async () => {
  const { clock, host } = start(({ id, method, params: { dispatchId } }, say) => {
    clock.timer(method === "subagents/cancel" ? 3000 : 1, () => say({ id, result: { dispatchId } }));
  });
  expect(await clock.runUntil(outcome(host.dispatch({ timeout_seconds: 1 })))).toMatch(/timed out after 1s$/);
  expect(clock.now()).toBeGreaterThanOrEqual(4000);
});

test.each([
  ["an error that is null", { error: null, result: {} }, "tasks/spec failed: unknown process extension error"],
  ["an answer with a method", { method: "x", result: {} }, "fulfilled"],
  ["an answer under a text", { id: "1", result: {} }, "process extension timed out answering tasks/spec"],
  ["an answer under a fraction", { id: 1.5, result: {} }, "process extension timed out answering tasks/spec"],
])("%s", async (_, answer, end) => {
  const { clock, host } = start(({ id }, say) => say({ id, ...answer }));
  expect(await clock.runUntil(outcome(host.request("tasks/spec", {})))).toBe(end);
});

test("lines that cannot be parsed are dropped; bytes that are not UTF-8 end the reader", async () => {
  const text = "x".repeat(4 * 1024 * 1024 - 32);
  const { clock, host, say, pipe } = start(({ id }, say) => say({ id, result: {} }));
  for (const line of ["no json", "[1]", '"\\ud83d"', '{"a":1e400}', `${"[".repeat(200)}${"]".repeat(200)}`, "\ufeff{}"])
    say(line);
  say({ jsonrpc: "2.0", text });
  say({ jsonrpc: "2.0", text: `${text}${text}` });
  await clock.runUntil(host.request("tasks/spec", {}));
  expect(host.notes).toEqual(Array(7).fill("dropped non-JSON stdout line"));
  const waiting = outcome(host.dispatch({}));
  pipe.write(Buffer.from([0xff, 0x0a]));
  expect(await clock.runUntil(waiting)).toMatch(/exited/);
});

test("an event that cannot be parsed is dropped silently, and the dispatch waits for its timeout", async () => {
  const { clock, host } = start(({ id, params: { dispatchId } }, say) => {
    say({ id, result: { dispatchId } });
    say({ method: "subagents/event", params: { dispatchId, event: { type: "cancelled" } } });
  });
  expect(await clock.runUntil(outcome(host.dispatch({ timeout_seconds: 9 })))).toMatch(/timed out after 9s/);
  expect(host.notes).toEqual([]);
});

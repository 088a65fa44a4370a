/** Watchers see every run, and can neither delay nor break one. */
import { expect, test } from "vitest";
import type { ExecutionEvent, Outcome, RunRequest, RunWatcher } from "../../../../src/core/index.ts";
import { RunRegistry } from "../../../../src/core/index.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import type { Log } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const RUN = { runId: "run-1", deploymentId: "deployment-1" };
const REQUEST: RunRequest = {
  target: { kind: "deployment", deploymentId: "deployment-1", named: "a test" },
  message: "a prompt",
  onApproval: "wait",
};
const OUTCOME: Outcome = {
  kind: "completed",
  run: RUN,
  text: "ab",
  usage: { inputTokens: 3, outputTokens: 5 },
  artifacts: [],
  approvals: [],
};
const EVENTS: ExecutionEvent[] = [
  { type: "status", phase: "submitting" },
  { type: "status", phase: "queued", run: RUN },
  { type: "text", text: "a" },
  { type: "status", phase: "running", run: RUN },
  { type: "text", text: "b" },
];

function harness(end: Outcome | ExecutionFailure = OUTCOME) {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const logged: unknown[] = [];
  const log: Log = Object.assign((...line: unknown[]) => void logged.push(line), { with: () => log });
  async function* execute(): AsyncGenerator<ExecutionEvent, Outcome, void> {
    for (const event of EVENTS) yield event;
    await new Promise<void>((resolve) => void ambient.timer(1_500, resolve));
    if (end instanceof ExecutionFailure) throw end;
    return end;
  }
  const registry = new RunRegistry(async () => execute, ambient, { redactor: createRedactor(), log });
  const taken: ExecutionEvent[] = [];
  const start = () => registry.start("key", REQUEST, 60_000, (event) => void taken.push(event));
  return { ambient, registry, logged, taken, start };
}

/** A watcher that notes what it is called with. */
function witness() {
  const seen: [string, unknown][] = [];
  const watcher: Required<RunWatcher> = {
    opened: (run) => seen.push(["opened", run]),
    started: (run) => seen.push(["started", run]),
    event: (run) => seen.push(["event", run]),
    ended: (run) => seen.push(["ended", run]),
  };
  return { seen, watcher };
}

test("a watcher receives the request, the remote run, every event and the end", async () => {
  const { ambient, registry, start } = harness();
  const { seen, watcher } = witness();
  registry.watch(watcher);
  const { outcome } = start();
  await ambient.advance(1_500);
  await outcome;
  expect(seen).toEqual([
    ["opened", { key: "key", request: REQUEST, deadline: 60_000 }],
    ["event", { key: "key", run: undefined, event: EVENTS[0] }],
    ["started", { key: "key", run: RUN }],
    ...EVENTS.slice(1).map((event) => ["event", { key: "key", run: RUN, event }]),
    ["ended", { key: "key", run: RUN, result: { outcome: OUTCOME }, durationMs: 1_500 }],
  ]);
});

test("a failure is reported with the run, as far as it is known", async () => {
  const failure = new ExecutionFailure("unavailable", "gone");
  const { ambient, registry, start } = harness(failure);
  const { seen, watcher } = witness();
  registry.watch(watcher);
  const ended = expect(start().outcome).rejects.toBe(failure);
  await ambient.advance(1_500);
  await ended;
  expect(seen.filter(([name]) => name === "ended")).toEqual([
    ["ended", { key: "key", run: RUN, result: { failure }, durationMs: 1_500 }],
  ]);
});

const METHODS = ["opened", "started", "event", "ended"] as const;
const boom = () => {
  throw new Error("boom");
};

test.each(METHODS)("a watcher that throws in `%s` breaks neither the run nor another watcher", async (method) => {
  const { ambient, registry, start, taken, logged } = harness();
  const { seen, watcher } = witness();
  registry.watch({ [method]: boom });
  registry.watch(watcher);
  const { outcome } = start();
  await ambient.advance(1_500);
  expect(await outcome).toEqual(OUTCOME);
  expect(taken).toEqual(EVENTS);
  expect(seen).toHaveLength(EVENTS.length + 3);
  const times = method === "event" ? EVENTS.length : 1;
  const line = ["error", "a watcher of runs failed", { event: method, error: "boom" }];
  expect(logged).toEqual(Array.from({ length: times }, () => line));
});

test.each(METHODS)("a promise that `%s` returns is not awaited, and its rejection is logged", async (method) => {
  const { ambient, registry, start, taken, logged } = harness();
  registry.watch({ [method]: () => new Promise(() => undefined) });
  registry.watch({ [method]: () => Promise.reject(new Error("boom")) });
  const { outcome } = start();
  await ambient.advance(1_500);
  expect(await outcome).toEqual(OUTCOME);
  expect(taken).toEqual(EVENTS);
  expect(logged).toContainEqual(["error", "a watcher of runs failed", { event: method, error: "boom" }]);
});

test("the host receives an event before any watcher does", async () => {
  const { ambient, registry, start, taken } = harness();
  const ahead: number[] = [];
  let received = 0;
  registry.watch({
    event: () => {
      received += 1;
      ahead.push(taken.length - received);
    },
  });
  const { outcome } = start();
  await ambient.advance(1_500);
  await outcome;
  expect(ahead).toEqual([0, 0, 0, 0, 0]);
});

test("a watcher that was removed is not called any more", async () => {
  const { ambient, registry, start } = harness();
  const { seen, watcher } = witness();
  const remove = registry.watch(watcher);
  const { outcome } = start();
  await ambient.advance(0);
  const before = seen.length;
  remove();
  await ambient.advance(1_500);
  await outcome;
  expect(before).toBe(EVENTS.length + 2);
  expect(seen).toHaveLength(before);
});

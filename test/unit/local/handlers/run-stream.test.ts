import { describe, expect, test } from "vitest";
import { Calls, parseFrames, textOf } from "../../../support/in-process/local-calls.ts";

const names = (frames: readonly { name: string }[]) => frames.map((frame) => frame.name);
const ids = (frames: readonly { id: string | undefined }[]) =>
  frames.map((frame) => frame.id).filter((id) => id !== undefined);

test("a finished run is replayed in full, then ends", async () => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "a\nb" }, { text: "c" }]);
  await calls.ambient.advanceUntilIdle();
  const frames = await calls.frames(run);
  expect(names(frames)).toEqual(["run.event", "run.event", "run.event", "run.state", "replay_complete", "end"]);
  expect(ids(frames)).toEqual(["1", "2", "3"]);
  expect(textOf(frames)).toBe("a\nbc");
  expect(JSON.parse(frames[3]?.data ?? "")).toMatchObject({ run_id: run, status: "completed", terminal: true });
  expect(frames[4]?.data).toBe('{"last_sequence":3,"status":"completed"}');
  expect(frames[5]?.data).toBe('{"last_sequence":3,"status":"completed"}');
});

test("the text of a stream", async () => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "é" }]);
  await calls.ambient.advanceUntilIdle();
  const stream = await calls.open(`/runs/${run}/stream`);
  expect((await stream.next()).value).toBe("retry: 1000\n\n");
  expect((await stream.next()).value).toBe(
    'id: 1\nevent: run.event\ndata: {"sequence_number":1,"event_type":"response.output_text.done","kind":"text","item_id":"it_1","output_index":0,"content_index":0,"type":"text","text":"é"}\n\n',
  );
});

test("a live run is followed: state changes and events as they happen", async () => {
  const calls = new Calls({ startMs: 100 });
  const run = await calls.start(await calls.deploy(), [{ text: "{i}", n: 3, every_ms: 50 }]);
  const frames = await calls.frames(run);
  expect(names(frames)).toEqual([
    "run.state",
    "replay_complete",
    "run.state",
    "run.event",
    "run.event",
    "run.event",
    "run.event",
    "run.state",
    "end",
  ]);
  const states = frames.filter((frame) => frame.name === "run.state").map((frame) => JSON.parse(frame.data).status);
  expect(states).toEqual(["queued", "running", "completed"]);
  expect(textOf(frames)).toBe("123");
});

test.each([0, 1, 2, 3, 4, 9])("after Last-Event-ID %i only later events come", async (cursor) => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "{i}", n: 3 }]);
  await calls.ambient.advanceUntilIdle();
  const frames = await calls.frames(run, { cursor: String(cursor) });
  expect(ids(frames)).toEqual(["1", "2", "3", "4"].slice(cursor));
  expect(frames.at(-1)?.name).toBe("end");
});

test("sequences that start at 0 are replayed from 0", async () => {
  const calls = new Calls({ firstSequence: 0 });
  const run = await calls.start(await calls.deploy(), [{ text: "a" }]);
  expect(ids(await calls.frames(run))).toEqual(["0", "1"]);
  expect(ids(await calls.frames(run, { cursor: "0" }))).toEqual(["1"]);
});

test("several readers at once, each at its own pace", async () => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "{i} ", n: 50, every_ms: 10 }]);
  const all = Promise.all([
    calls.frames(run),
    calls.frames(run, { cursor: "20" }),
    calls.frames(run, { until: "replay_complete" }),
  ]);
  const [first, second] = await all;
  expect(textOf(first)).toBe(Array.from({ length: 50 }, (_, i) => `${i + 1} `).join(""));
  expect(ids(second)).toEqual(Array.from({ length: 31 }, (_, i) => String(i + 21)));
  expect(calls.cloud.stats().openStreams).toBe(0);
});

test.each([
  ["accept", "application/json", 406],
  ["last-event-id", "x", 400],
  ["last-event-id", "-1", 400],
])("%s: %s is refused with %i", async (name, value, status) => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ hang: true }]);
  expect((await calls.send("GET", `/runs/${run}/stream`, undefined, { [name]: value })).status).toBe(status);
});

describe("a subscription ends with its reader", () => {
  async function reading(signal?: AbortSignal) {
    const calls = new Calls();
    const run = await calls.start(await calls.deploy(), [{ hang: true }]);
    await calls.ambient.advanceUntilIdle();
    const stream = await calls.open(`/runs/${run}/stream`, {}, signal);
    expect(calls.cloud.stats().openStreams).toBe(0);
    let text = "";
    while (!text.includes("replay_complete")) text += (await stream.next()).value ?? "";
    const waiting = stream.next();
    await calls.ambient.settle();
    expect(calls.cloud.stats().openStreams).toBe(1);
    return { calls, run, stream, waiting };
  }

  test("by return, while it waits", async () => {
    const { calls, stream, waiting } = await reading();
    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(calls.cloud.stats().openStreams).toBe(0);
    expect(calls.ambient.waiting).toBe(0);
  });

  test("by its signal", async () => {
    const caller = new AbortController();
    const { calls, waiting } = await reading(caller.signal);
    caller.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(calls.cloud.stats().openStreams).toBe(0);
  });

  test("and the run goes on", async () => {
    const { calls, run, stream, waiting } = await reading();
    await stream.return?.();
    await waiting;
    expect((await calls.record(run)).status).toBe("running");
  });

  test("a stream that is not read does not count as open", async () => {
    const calls = new Calls();
    const run = await calls.start(await calls.deploy(), [{ text: "x" }]);
    const stream = await calls.open(`/runs/${run}/stream`);
    expect(await stream.return?.()).toEqual({ done: true, value: undefined });
    expect(calls.cloud.stats().openStreams).toBe(0);
  });
});

test("a silent stream sends comments, and they do not keep it open", async () => {
  const calls = new Calls({ keepAliveMs: 15_000, retryMs: 0 });
  const run = await calls.start(await calls.deploy(), [{ sleep_ms: 40_000 }, { text: "x" }]);
  const stream = await calls.open(`/runs/${run}/stream`);
  const chunks: string[] = [];
  const reading = (async () => {
    for (let step = await stream.next(); !step.done; step = await stream.next()) chunks.push(step.value);
  })();
  await calls.ambient.runUntil(reading);
  expect(chunks[0]).toBe(": hello\n\n");
  expect(chunks.filter((chunk) => chunk === ": keep-alive\n\n")).toHaveLength(2);
  expect(names(parseFrames(chunks.join(""))).at(-1)).toBe("end");
});

test("the stream of an unknown run is 404", async () => {
  const answer = await new Calls().get("/runs/0c0ffee0-0000-4000-8000-00000000000a/stream");
  expect(answer).toMatchObject({ status: 404, body: { error: "NotFound", message: "Run not found" } });
});

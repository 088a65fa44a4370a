import { describe, expect, test } from "vitest";
import { UNREADABLE_STATE } from "../../../../src/seren/client/status.ts";
import { RunCursor } from "../../../../src/seren/follow/run-cursor.ts";
import { readFrame, takeContiguous } from "../../../../src/seren/follow/stream-frames.ts";
import { RUN, state, text } from "./rows.ts";

const frame = (event: string | undefined, value: unknown, id?: string) => ({
  event,
  id,
  data: typeof value === "string" ? value : JSON.stringify(value),
});
const eventFrame = (sequence: number) => frame("run.event", text(sequence, "a"), String(sequence));

describe("a frame", () => {
  test.each([
    [frame("run.event", { a: 1 }, "7"), { kind: "event", event: { a: 1 }, id: "7" }],
    [frame(undefined, { a: 1 }), { kind: "event", event: { a: 1 }, id: undefined }],
    [frame("run.event", "{"), { kind: "unreadable", id: undefined, isEvent: true }],
    [frame(undefined, "ping", "7"), { kind: "unreadable", id: "7", isEvent: false }],
    [frame("run.metrics", { cpu: 1 }, "6"), { kind: "unreadable", id: "6", isEvent: false }],
    [frame("run.state", { status: 5 }), { kind: "state", state: UNREADABLE_STATE }],
    [frame("run.state", "x"), { kind: "state", state: UNREADABLE_STATE }],
    [frame("run", "text"), { kind: "snapshot", runId: "", status: "unknown", eventRows: [] }],
    [
      frame("run", { data: { status: "running", output_events: [1] } }),
      { kind: "snapshot", runId: "", status: "running", eventRows: [1] },
    ],
    [frame("run", { status: "running" }), { kind: "snapshot", runId: "", status: "running", eventRows: [] }],
    [frame("replay_complete", {}), { kind: "replayed" }],
    [frame("timeout", {}), { kind: "closing" }],
    [frame("error", { message: "why" }), { kind: "closing", message: "why" }],
    [frame("end", "text"), { kind: "end", status: "unknown" }],
    [frame("end", { status: "completed" }), { kind: "end", status: "completed" }],
    [frame("run.canceled", {}), { kind: "end", status: "unknown" }],
  ])("%j says %j", (given, expected) => {
    expect(readFrame(given)).toEqual(expected);
  });

  test("with a state says it in our words", () => {
    expect(readFrame(frame("run.state", state()))).toMatchObject({ kind: "state", state: { runId: RUN } });
  });
});

describe("takeContiguous", () => {
  const cursorAt = (sequence: number) => {
    const cursor = new RunCursor();
    cursor.check(sequence);
    cursor.advance(sequence);
    return cursor;
  };
  const count = (sequence: number, frames: ReturnType<typeof frame>[], start = 0) =>
    takeContiguous(cursorAt(sequence), frames, start).events.length;

  test("takes the events that follow each other, and moves nothing", () => {
    const cursor = cursorAt(1);
    const { events, lastId } = takeContiguous(cursor, [eventFrame(2), eventFrame(3)], 0);
    expect([events.length, lastId, cursor.sequence]).toEqual([2, "3", 1]);
  });

  test.each([
    ["a gap", [2, 3, 5]],
    ["a repeat", [2, 3, 3]],
  ])("stops at %s", (_, sequences) => {
    expect(count(1, sequences.map(eventFrame))).toBe(2);
  });

  test.each([
    ["another frame", frame("run.state", state())],
    ["an event without a number", frame("run.event", text(null, "a"))],
    ["an event that cannot be read", frame("run.event", "{", "3")],
    ["a frame without a name", frame(undefined, text(3, "a"), "3")],
  ])("stops at %s", (_, other) => {
    expect(count(1, [eventFrame(2), other, eventFrame(3)])).toBe(1);
  });

  test("takes nothing where the first one does not follow, and begins at the given frame", () => {
    expect(count(5, [eventFrame(2)])).toBe(0);
    expect(count(2, [eventFrame(9), eventFrame(3)], 1)).toBe(1);
    expect(takeContiguous(new RunCursor(), [eventFrame(1)], 0).events).toEqual([]);
  });
});

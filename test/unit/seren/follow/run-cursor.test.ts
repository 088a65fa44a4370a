import { describe, expect, test } from "vitest";
import { RunCursor, sequenceOf, toSequence } from "../../../../src/seren/follow/run-cursor.ts";

/** What a follower does with one event: hands it on unless it was seen. */
function take(cursor: RunCursor, sequence: number | undefined, id?: string): string {
  const check = cursor.check(sequence);
  if (check !== "seen") cursor.advance(sequence, id);
  return check;
}
const takeAll = (cursor: RunCursor, sequences: (number | undefined)[]) =>
  sequences.map((sequence) => take(cursor, sequence));

describe("events with numbers", () => {
  test.each([
    ["in order from one", [1, 2, 3], ["new", "new", "new"]],
    ["in order from zero", [0, 1, 2], ["new", "new", "new"]],
    ["a late beginning", [2, 3], ["gap", "new"]],
    ["a hole", [1, 2, 5, 6], ["new", "new", "gap", "new"]],
    ["a doubled one", [1, 1, 2, 2], ["new", "seen", "new", "seen"]],
    ["an older one", [1, 2, 3, 2, 4], ["new", "new", "new", "seen", "new"]],
  ])("%s", (_, sequences, checks) => {
    expect(takeAll(new RunCursor(), sequences)).toEqual(checks);
  });

  test("the last one is what the next connection starts after", () => {
    const cursor = new RunCursor();
    expect(cursor.lastEventId).toBeUndefined();
    takeAll(cursor, [1, 2, 7]);
    expect(cursor).toMatchObject({ sequence: 7, lastEventId: "7", applied: 3, numbered: true });
  });

  test("an event that was checked and not handed on moves nothing", () => {
    const cursor = new RunCursor();
    take(cursor, 1);
    cursor.check(2);
    expect(cursor).toMatchObject({ sequence: 1, lastEventId: "1", applied: 1 });
  });

  test.each([
    ["its own", "007", "007"],
    ["one that is no number", "a1:7", "a1:7"],
    ["an empty one", "", "7"],
    ["none", undefined, "7"],
    ["one that cannot stand in a header", "7\u00e9", "7"],
    ["one with a blank", "7 8", "7"],
    ["an endless one", "7".repeat(129), "7"],
  ])("the id sent back is %s", (_, id, expected) => {
    const cursor = new RunCursor();
    take(cursor, 7, id);
    expect(cursor.lastEventId).toBe(expected);
  });

  test.each([
    ["the first connection", false],
    ["a later one", true],
  ])("advancing by several equals advancing one by one: %s", (_, later) => {
    const [one, many] = [new RunCursor(), new RunCursor()];
    for (const cursor of [one, many]) {
      takeAll(cursor, [1, 2]);
      if (later) cursor.begin();
    }
    expect([3, 4, 5].map((sequence, waiting) => many.continuesWith(sequence, waiting))).toEqual([true, true, true]);
    expect([2, 4, undefined].map((sequence) => many.continuesWith(sequence, 0))).toEqual([false, false, false]);
    for (const sequence of [3, 4, 5]) take(one, sequence, `id-${sequence}`);
    many.advanceBy(3, "id-5");
    expect(many).toEqual(one);
    expect(takeAll(many, [5, undefined, 6])).toEqual(takeAll(one, [5, undefined, 6]));
    expect(many).toEqual(one);
  });

  test.each([["resumed"], ["from the start although it was asked for the rest"]])("nothing comes twice: %s", (how) => {
    const cursor = new RunCursor();
    takeAll(cursor, [1, 2, 3]);
    cursor.begin();
    const again = how === "resumed" ? [4, 5] : [1, 2, 3, 4, 5];
    expect(takeAll(cursor, again).filter((check) => check === "new")).toHaveLength(2);
    expect(cursor.applied).toBe(5);
  });
});

describe("events without numbers", () => {
  const none = (count: number) => Array<undefined>(count).fill(undefined);

  test("are all new within one connection, however alike", () => {
    const cursor = new RunCursor();
    expect(takeAll(cursor, none(3))).toEqual(["new", "new", "new"]);
    expect(cursor).toMatchObject({ sequence: -1, lastEventId: undefined, applied: 3, numbered: false });
  });

  test("are recognised in a replay by their place", () => {
    const cursor = new RunCursor();
    takeAll(cursor, none(3));
    cursor.begin();
    expect(takeAll(cursor, none(5))).toEqual(["seen", "seen", "seen", "new", "new"]);
    cursor.begin();
    expect(takeAll(cursor, none(2))).toEqual(["seen", "seen"]);
    cursor.begin();
    expect(takeAll(cursor, none(6))).toEqual(["seen", "seen", "seen", "seen", "seen", "new"]);
  });

  test("among numbered ones come again only after the number the connection started from", () => {
    const cursor = new RunCursor();
    takeAll(cursor, [1, undefined, 3, undefined]);
    cursor.begin();
    expect(takeAll(cursor, [undefined, undefined, 6])).toEqual(["seen", "new", "gap"]);
  });

  test("among numbered ones are seen when everything comes again", () => {
    const cursor = new RunCursor();
    takeAll(cursor, [1, undefined, 3, undefined]);
    cursor.begin();
    expect(takeAll(cursor, [1, undefined, 3, undefined, undefined])).toEqual(["seen", "seen", "seen", "seen", "new"]);
  });
});

describe("a log whose numbers come and go", () => {
  test("read from the start, without the numbers the stream had", () => {
    const cursor = new RunCursor();
    takeAll(cursor, [1, 2, 3]);
    cursor.begin({ fromStart: true });
    expect(takeAll(cursor, [undefined, undefined, undefined, undefined])).toEqual(["seen", "seen", "seen", "new"]);
  });

  test("read from the start, with numbers the stream had not", () => {
    const cursor = new RunCursor();
    takeAll(cursor, [undefined, undefined, undefined]);
    cursor.begin({ fromStart: true });
    expect(takeAll(cursor, [4, 5, 8, 9])).toEqual(["seen", "seen", "seen", "new"]);
    expect(cursor).toMatchObject({ sequence: 9, lastEventId: "9", applied: 4 });
  });

  test("read for a gap and beyond it: what follows on the connection without numbers was handed on", () => {
    const cursor = new RunCursor();
    takeAll(cursor, [1]);
    expect(cursor.check(4)).toBe("gap");
    for (const sequence of [3, 4, 6, 9]) cursor.advance(sequence); // the log's: 2 is a hole, and 6 and 9 are still to come
    expect(takeAll(cursor, [undefined, undefined, undefined])).toEqual(["seen", "seen", "new"]);
  });

  test("cut in the middle of that and resumed", () => {
    const cursor = new RunCursor();
    takeAll(cursor, [undefined, undefined, undefined]);
    cursor.begin({ fromStart: true });
    takeAll(cursor, [1, 2]);
    expect(cursor.lastEventId).toBe("2");
    cursor.begin();
    expect(takeAll(cursor, [3, 4])).toEqual(["seen", "new"]);
  });
});

test.each([
  [0, 0],
  [12, 12],
  ["12", 12],
  ["007", 7],
  ["", undefined],
  [" 1", undefined],
  ["1.5", undefined],
  ["-1", undefined],
  ["1e3", undefined],
  ["9999999999999999", undefined],
  [1.5, undefined],
  [-1, undefined],
  [Number.NaN, undefined],
  [2 ** 60, undefined],
  [null, undefined],
  [undefined, undefined],
  [[1], undefined],
  [true, undefined],
])("the sequence of %j is %s", (value, expected) => {
  expect(toSequence(value)).toBe(expected);
});

test.each([
  [{ sequence_number: 5 }, 5],
  [{ sequence_number: "5" }, 5],
  [{ sequence_number: null }, undefined],
  [{}, undefined],
  ["5", undefined],
  [null, undefined],
])("the number of row %j is %s", (row, expected) => {
  expect(sequenceOf(row)).toBe(expected);
});

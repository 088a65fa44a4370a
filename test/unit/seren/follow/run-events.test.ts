import { describe, expect, test } from "vitest";
import { decodeRunEvent, recordRows } from "../../../../src/seren/follow/run-events.ts";

describe("decodeRunEvent", () => {
  test.each([
    ["flat", { sequence_number: 3, kind: "text", type: "text", text: "a" }, { type: "text", text: "a" }],
    ["nested", { sequence_number: 3, event: { type: "text", text: "a" } }, { type: "text", text: "a" }],
    ["an artifact's own kind", { type: "artifact", id: "a1", kind: "report" }, { type: "artifact", kind: "report" }],
    ["with members unheard of", { type: "done", status: "ok", new_member: 1 }, { type: "done", new_member: 1 }],
  ])("reads the form: %s", (_, row, expected) => {
    expect(decodeRunEvent(row)).toMatchObject(expected);
  });

  test.each([
    ["an unknown type", { type: "hologram" }],
    ["a missing member", { type: "text" }],
    ["a member of another type", { type: "text", text: 5 }],
    ["no type", { sequence_number: 1 }],
    ["a nested event that is none", { event: "text" }],
    ["a type of its own beside a nested event", { type: "hologram", event: { type: "text", text: "a" } }],
    ["no object", "text"],
    ["null", null],
    ["nothing", undefined],
    ["a list", [{ type: "text", text: "a" }]],
  ])("answers nothing for %s", (_, row) => {
    expect(decodeRunEvent(row)).toBeUndefined();
  });
});

test.each([
  [[1], [1]],
  [[], []],
  [null, undefined],
  [undefined, undefined],
  ["[]", undefined],
  [{ length: 1 }, undefined],
])("the rows of %j are %j", (events, expected) => {
  expect(recordRows(events)).toEqual(expected);
});

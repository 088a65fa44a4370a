import { describe, expect, test } from "vitest";
import { RunEventSchema } from "#protocols/seren-cloud";
import { decodeRunEvent } from "../../../../src/seren/mapping/events.ts";

describe("decodeRunEvent", () => {
  test.each([
    [{ type: "tool_result", id: "t", content: "c", is_error: true, code: null }, { isError: true }],
    [{ type: "artifact", id: "a", kind: "k", size_bytes: 5, uri: null }, { sizeBytes: 5 }],
    [{ type: "workflow", state: "s", checkpoint_id: "cp" }, { checkpointId: "cp" }],
    [
      { type: "approval_wait", checkpoint_id: "cp", tool_call_id: "t" },
      { checkpointId: "cp", toolCallId: "t" },
    ],
    [
      { type: "handoff", to_agent: "b", from_agent: "a" },
      { toAgent: "b", fromAgent: "a" },
    ],
  ])("spells %j our way", (row, expected) => {
    const event = decodeRunEvent(row);
    expect(event).toMatchObject({ type: row.type, ...expected });
    expect(JSON.stringify(event)).not.toMatch(/"[a-z]+_[a-z_]+":|null/);
  });

  test.each([
    ["flat", { sequence_number: 3, kind: "text", type: "text", text: "a" }, { type: "text", text: "a" }],
    ["nested", { sequence_number: 3, event: { type: "text", text: "a" } }, { type: "text", text: "a" }],
    ["an artifact's own kind", { type: "artifact", id: "a1", kind: "report" }, { type: "artifact", kind: "report" }],
    ["with members unheard of", { type: "done", status: "ok", new_member: 1 }, { type: "done", status: "ok" }],
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
  ])("returns undefined for %s", (_, row) => {
    expect(decodeRunEvent(row)).toBeUndefined();
  });
});

describe("every event of the published schema is decoded", () => {
  const sampleOf = (member: { safeParse(value: unknown): { success: boolean } }) =>
    ["a", true, 1].find((value) => member.safeParse(value).success);

  const options = RunEventSchema.options.map((option) => {
    const required = Object.entries(option.shape).filter(([, member]) => !member.safeParse(undefined).success);
    const row = Object.fromEntries(required.map(([name, member]) => [name, sampleOf(member)]));
    return { type: option.shape.type.value, row: { ...row, type: option.shape.type.value } };
  });

  test.each(options)("$type", ({ type, row }) => {
    expect(RunEventSchema.safeParse(row).success).toBe(true);
    expect(decodeRunEvent(row)).toMatchObject({ type });
  });

  test.each(options)("$type, also where one of its members is absent or of another type", ({ type, row }) => {
    for (const name of Object.keys(row)) {
      const { [name]: _, ...rest } = row as Record<string, unknown>;
      for (const odd of [rest, { ...row, [name]: null }, { ...row, [name]: [] }, { ...row, [name]: { odd: 1 } }]) {
        const isNeeded = name === "type" || (name === "text" && (type === "text" || type === "thinking"));
        if (isNeeded) expect(decodeRunEvent(odd), JSON.stringify(odd)).toBeUndefined();
        else expect(decodeRunEvent(odd), JSON.stringify(odd)).toMatchObject({ type });
      }
    }
  });

  test("a member that cannot be used costs no other", () => {
    expect(decodeRunEvent({ type: "artifact", id: "a", kind: "k", size_bytes: "5", uri: 7 })).toEqual({
      type: "artifact",
      id: "a",
      kind: "k",
      sizeBytes: 5,
    });
  });

  test("a tool event without a usable id has one of its own, the same wherever the row is read", () => {
    const row = { type: "tool_call", id: ["x"], name: "grep", arguments: { q: 1 }, sequence_number: 7 };
    expect(decodeRunEvent(row)).toEqual({ type: "tool_call", id: "call-7", name: "grep", arguments: '{"q":1}' });
  });
});

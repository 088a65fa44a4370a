import { expect, test } from "vitest";
import { Transcript } from "../../../../src/core/run/transcript.ts";

const text = (words: string) => ({ type: "text", text: words });
const call = { type: "tool_call", id: "c", name: "grep", arguments: "{}" };

test("adjacent texts become one event, and everything keeps its order", () => {
  const transcript = new Transcript();
  const rows = [text("a"), text("b"), { type: "nobody knows" }, text("c"), call, call, text(""), text("d"), text("e")];
  expect([...transcript.applyAll(rows)]).toEqual([
    { type: "text", text: "abc" },
    { type: "tool_call", id: "c", name: "grep", arguments: "{}" },
    { type: "text", text: "de" },
  ]);
  expect(transcript.text).toBe("abcde");
  expect([...transcript.applyAll([])]).toEqual([]);
});

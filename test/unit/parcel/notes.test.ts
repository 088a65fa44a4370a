import { expect, test } from "vitest";
import { workloadNotes } from "../../../src/parcel/index.ts";
import { altered } from "./parcels.ts";

test("a parcel that is sent completely has none", async () => {
  expect(workloadNotes(await altered("minimal", {}))).toEqual([]);
});

test("each part that is not sent is named once, printably", async () => {
  const parcel = await altered("minimal", {
    limits: ["COST", "cost", "ITERATIONS"].map((scope) => ({ scope, value: "1", qualifiers: [] })),
    models: { primary: null, fallbacks: [{ id: "m\u001b[2J", options: { a: "b" } }, { id: "n" }] },
    framework: { name: "f" },
    listeners: ["x"],
    tools: Array.from({ length: 10 }, (_, index) => ({ kind: "mcp" as const, server: `s${index}` })),
  });
  expect(workloadNotes(parcel)).toEqual([
    "MCP servers (s0, s1, s2, s3, s4, s5, s6, s7 and 2 more) are not sent",
    "options of fallback models (m\\u{1b}[2J) are not sent",
    "LIMIT COST is not known here and not sent",
    "SCHEDULE and LISTEN stay with Dispatch: `dispatch serve` starts each turn",
    "FRAMEWORK is not sent",
  ]);
});

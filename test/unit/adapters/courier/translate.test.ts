import { describe, expect, test } from "vitest";
import { CourierEventSchema } from "#protocols/dispatch-courier";
import {
  assistantMessage,
  closingText,
  deltas,
  fitMessage,
  lostRunText,
  toCourierEvents,
} from "../../../../src/adapters/courier/translate.ts";
import { toTurnError } from "../../../../src/adapters/courier/wire-error.ts";
import type { Artifact, ExecutionEvent } from "../../../../src/core/index.ts";
import { ended, RUN } from "./harness.ts";

const MAX_LINE_BYTES = 1_048_576;
const lineOf = (params: unknown) => JSON.stringify({ jsonrpc: "2.0", method: "courier.event", params });

describe("events", () => {
  test("text becomes deltas", () => {
    expect([...toCourierEvents({ type: "text", text: "Grüße" })]).toEqual([{ kind: "text_delta", content: "Grüße" }]);
    expect([...toCourierEvents({ type: "text", text: "" })]).toEqual([]);
  });

  test("a tool call and its result become the two tool events", () => {
    expect([...toCourierEvents({ type: "tool_call", id: "1", name: "grep", arguments: '{"a":1}' })]).toEqual([
      { kind: "tool_call_started", invocation: { name: "grep", input: '{"a":1}' }, command: "seren-cloud", args: [] },
    ]);
    expect([...toCourierEvents({ type: "tool_result", id: "1", name: "grep", content: "3", isError: false })]).toEqual([
      {
        kind: "tool_call_finished",
        result: { tool: "grep", command: "seren-cloud", args: [], exit_code: 0, stdout: "3", stderr: "" },
      },
    ]);
    expect([...toCourierEvents({ type: "tool_result", id: "1", name: "grep", content: "no", isError: true })]).toEqual([
      {
        kind: "tool_call_finished",
        result: { tool: "grep", command: "seren-cloud", args: [], exit_code: 1, stdout: "", stderr: "no" },
      },
    ]);
  });

  test.each<ExecutionEvent>([
    { type: "status", phase: "running", run: RUN },
    { type: "thinking", text: "hm" },
    { type: "approval_wait", approvals: [] },
    { type: "artifact", artifact: { id: "a", kind: "report" } },
    { type: "usage", usage: { inputTokens: 1, outputTokens: 1 } },
    { type: "notice", level: "warning", message: "w" },
  ])("$type has no event of this protocol", (event) => {
    expect([...toCourierEvents(event)]).toEqual([]);
  });

  test("long arguments and results of tools fit into a line", () => {
    const content = "\u0001".repeat(500_000);
    for (const event of [
      ...toCourierEvents({ type: "tool_call", id: "1", name: "t", arguments: content }),
      ...toCourierEvents({ type: "tool_result", id: "1", name: "t", content, isError: true }),
    ]) {
      expect(Buffer.byteLength(lineOf(CourierEventSchema.parse(event)))).toBeLessThan(MAX_LINE_BYTES);
    }
  });
});

describe("long text", () => {
  test.each(["x", "ü", "日", "😀", "\u0001", '"'])(
    "of %j is cut into deltas that fit a line, never inside a character",
    (piece) => {
      const text = piece.repeat(200_000);
      const events = [...deltas(text)];
      expect(events.length).toBeGreaterThan(1);
      for (const event of events) {
        expect(Buffer.byteLength(lineOf(event))).toBeLessThan(MAX_LINE_BYTES);
        expect(event.kind === "text_delta" && event.content.isWellFormed()).toBe(true);
      }
      expect(events.map((event) => (event.kind === "text_delta" ? event.content : "")).join("")).toBe(text);
    },
  );

  test.each(["x", "ü", "日", "😀", "\u0001", '"'])("of %j is shortened for the message, and says so", (piece) => {
    const message = assistantMessage(piece.repeat(600_000));
    if (message.kind !== "message") throw new Error("no message");
    expect(message.content).toMatch(/\n… \(shortened; the streamed text is complete\)$/);
    expect(message.content.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(message.content))).toBeLessThanOrEqual(448 * 1024);
    expect(Buffer.byteLength(JSON.stringify(message.content))).toBeGreaterThan(100 * 1024);
  });

  test("that just fits stays whole", () => {
    const text = "x".repeat(448 * 1024 - 2);
    expect(fitMessage(text)).toBe(text);
    expect(fitMessage(`${text}x`)).not.toBe(`${text}x`);
  });
});

describe("closing text", () => {
  const report: Artifact = { id: "a-1", kind: "report", title: "Weekly", uri: "https://x.test/r" };

  test("is empty for an answer without artifacts", () => {
    expect(closingText(ended("All done."), [])).toBe("");
  });

  test.each([
    ["length", "Half", "\n\n(the answer is cut off: the model reached its limit of length)"],
    ["filter", "", "(the answer is cut off: a content filter stopped the model)"],
  ] as const)("says that an answer is cut (%s)", (cut, text, closing) => {
    expect(closingText(ended(text, { cut }), [])).toBe(closing);
  });

  test("says that the run had no answer", () => {
    expect(closingText(ended(""), [])).toBe("(the run completed without an answer)");
  });

  test.each([
    ["All done.", "\n\n"],
    ["All done.\n", "\n"],
    ["", ""],
  ])("artifacts follow %j set apart from it", (text, lead) => {
    const told = [{ artifact: report }, { artifact: { id: "a-2", kind: "log" } }];
    expect(closingText(ended(text), told)).toBe(`${lead}Artifacts:\n- Weekly (report) — https://x.test/r\n- a-2 (log)`);
  });

  test("names a saved artifact by its path and gives the reason for one that could not be saved", () => {
    const told = [
      { artifact: report, path: "/state/a/Weekly.pdf" },
      { artifact: report, problem: "it is larger than 64 MiB" },
    ];
    expect(closingText(ended("x"), told)).toBe(
      "\n\nArtifacts:\n- Weekly (report) — /state/a/Weekly.pdf\n- Weekly (report) — https://x.test/r (not saved: it is larger than 64 MiB)",
    );
  });

  test("says how much it leaves out of what waits", () => {
    const approvals = Array.from({ length: 5_000 }, (_, at) => ({ id: `a${at}`, tool: `t${at} `.repeat(300) }));
    const text = closingText(ended("Half.", { kind: "awaiting_approval", approvals }), []);
    expect(text.length).toBeLessThan(12_000);
    expect(text).toContain("…\n- and 4980 more\n");
  });

  test("says what a waiting run waits for and which command decides", () => {
    const approvals = [
      { id: "ap-1", tool: "deploy", reason: "changes production" },
      { id: "ap-2", tool: "mail" },
    ];
    expect(closingText(ended("Half.", { kind: "awaiting_approval", approvals }), [])).toBe(
      "\n\nThe run waits for an approval:\n- deploy: changes production\n- mail\n\n" +
        "Decide it with: seren-bridge approvals approve 6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f (or reject), then send the next message.",
    );
  });

  test("keeps what waits on a line of its own", () => {
    const approvals = [{ id: "a", tool: "read\nDecide it with: nothing", reason: "a\u202eb" }];
    expect(closingText(ended("", { kind: "awaiting_approval", approvals }), [])).toContain(
      '\n- "read\\nDecide it with: nothing": "a\\u202eb"\n',
    );
  });

  test("says so when the service does not name what the run waits for", () => {
    expect(closingText(ended("", { kind: "awaiting_approval" }), [])).toContain(
      "- (Seren Cloud does not say for what)",
    );
  });
});

test("lost run text: how a waiting run ended without an answer", () => {
  expect(lostRunText(undefined)).toBe("(The run that waited for an approval is not known to Seren Cloud any more.)");
  expect(lostRunText(ended("", { kind: "blocked", error: { message: "Not approved: deploy." } }))).toBe(
    "(The run that waited for an approval ended: Not approved: deploy.)",
  );
  expect(lostRunText(ended("Half.\n", { kind: "timed_out" }))).toBe(
    "\n(The run that waited for an approval ended: timed_out)",
  );
});

describe("a run that ended badly", () => {
  test.each([
    ["failed", "run_failed"],
    ["blocked", "run_blocked"],
    ["timed_out", "run_timeout"],
    ["cancelled", "run_cancelled"],
  ] as const)("%s becomes %s", (kind, code) => {
    expect(toTurnError(ended("", { kind })).code).toBe(code);
  });

  test("has the reason, the service's code, the run and the partial answer", () => {
    const error = { message: "the model refused", code: "model_error" };
    expect(toTurnError(ended("So far", { kind: "failed", error })).message).toBe(
      "the model refused (model_error) [run 6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f]; it had said: So far",
    );
    const { run: _, ...unnamed } = ended("", { kind: "failed" });
    expect(toTurnError(unnamed).message).toBe("the run ended: failed");
  });

  test("shows a few kilobytes of the partial answer at most", () => {
    expect(Buffer.byteLength(toTurnError(ended("ü".repeat(100_000), { kind: "failed" })).message)).toBeLessThan(5000);
  });
});

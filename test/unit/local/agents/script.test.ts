import { describe, expect, test } from "vitest";
import { parseScript } from "../../../../src/local/agents/script.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

interface Envelope {
  sequence_number: number;
  event_type: string;
  item_id: string;
  output_index: number;
  content_index: number;
}

async function play(steps: object[] | string) {
  const calls = new Calls();
  const id = await calls.deploy();
  const message = typeof steps === "string" ? steps : `@script ${JSON.stringify(steps)}`;
  const { run_id } = (await calls.post(`/deployments/${id}/runs`, { message })).body.data;
  await calls.ambient.advanceUntilIdle();
  const record = await calls.record(run_id);
  return { calls, run: run_id, record, events: record.output_events };
}

test("each verb has its effect", async () => {
  const { calls, run, record, events } = await play([
    { text: "{i}/{i} ", n: 2, every_ms: 10 },
    { think: "hm", n: 1 },
    { tool: "search", args: { q: "x" }, result: { hits: 2 }, ms: 30 },
    { tool: "ship", args: "{not json", result: "no route", error: true },
    { artifact: { id: "plan", kind: "report", title: "Plan", url: "https://x.invalid/p" } },
    { error: "flaky", code: "tool_rate_limited", retryable: true },
    { raw: { type: "sparkle", glitter: [1] } },
    { usage: { input_tokens: 1, output_tokens: 2 } },
    { output: '{"response":"short"}' },
  ]);
  expect(
    events.map(({ sequence_number, event_type, item_id, output_index, content_index, ...event }: Envelope) => event),
  ).toEqual([
    { kind: "text", type: "text", text: "1/1 " },
    { kind: "text", type: "text", text: "2/2 " },
    { kind: "thinking", type: "thinking", text: "hm", duration_ms: 0 },
    {
      kind: "tool_call_started",
      type: "tool_call",
      id: "call_4",
      name: "search",
      arguments: '{"q":"x"}',
      status: "in_progress",
    },
    { kind: "tool_call_completed", type: "tool_result", id: "call_4", content: '{"hits":2}', is_error: false },
    {
      kind: "tool_call_started",
      type: "tool_call",
      id: "call_6",
      name: "ship",
      arguments: "{not json",
      status: "in_progress",
    },
    {
      kind: "tool_call_completed",
      type: "tool_result",
      id: "call_6",
      content: "no route",
      is_error: true,
      code: "tool_provider_failed",
      retryable: false,
    },
    { kind: "report", type: "artifact", id: "plan", uri: "https://x.invalid/p" },
    { kind: "error", type: "error", message: "flaky", code: "tool_rate_limited", cause: "agent", retryable: true },
    { type: "sparkle", glitter: [1] },
    { kind: "done", type: "done", status: "ok", reason: null },
  ]);
  expect(events.map((event: { sequence_number: number }) => event.sequence_number)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
  ]);
  expect(record).toMatchObject({
    status: "completed",
    execution_time_ms: 50,
    output: '{"response":"short"}',
    inference_input_tokens: 1,
    inference_output_tokens: 2,
  });
  const { data } = (await calls.get(`/runs/${run}/artifacts`)).body;
  expect(data).toMatchObject([
    {
      artifact_type: "report",
      title: "Plan",
      url: "https://x.invalid/p",
      payload: { id: "plan", kind: "report" },
      run_event_id: run,
    },
  ]);
  expect(data[0].id).not.toBe("plan");
});

test.each([
  [[{ text: "a" }, { fail: "out of paper" }, { text: "b" }], "failed", "out of paper", "a"],
  [[{ status: "timeout", message: "too slow" }, { text: "b" }], "timeout", "too slow", ""],
  [[{ status: "blocked" }], "blocked", null, ""],
  [[{ status: "error", message: "x", stop_reason: "max_iterations" }], "error", "x", ""],
  [[{ status: "cancelled" }], "cancelled", null, ""],
  [[{ status: "completed", message: "early" }, { text: "b" }], "completed", "early", ""],
  [[{ status: "digesting" }, { text: "b" }], "completed", null, "b"],
  [[], "completed", null, ""],
])("%j ends %s", async (steps, status, status_message, output) => {
  expect((await play(steps as object[])).record).toMatchObject({ status, status_message, output });
});

test("hang waits until the run is cancelled", async () => {
  const { calls, run, record } = await play([{ text: "a" }, { hang: true }, { text: "b" }]);
  expect(record.status).toBe("running");
  await calls.post(`/runs/${run}/cancel`);
  await calls.ambient.advanceUntilIdle();
  expect(await calls.record(run)).toMatchObject({ status: "cancelled", output: "a" });
});

test("an artifact whose id is a UUID keeps it", async () => {
  const id = "0c0ffee0-0000-4000-8000-00000000000b";
  const { calls, run } = await play([{ artifact: { id, kind: "file" } }]);
  expect((await calls.get(`/runs/${run}/artifacts`)).body.data[0]).toMatchObject({ id, title: null, url: null });
});

describe("where a script may stand", () => {
  test.each([
    ["on a line of its own, between others", 'Do this:\n@script [{"text":"a"}]\nthanks'],
    ["over several lines, up to the end of the message", '@script [\n  {"text":"a"}\n]\n'],
    ["before a carriage return", 'hi\r\n@script [{"text":"a"}]\r\n'],
  ])("%s", (_, message) => {
    expect(parseScript(message)).toEqual([{ verb: "text", text: "a", n: 1, every_ms: 0 }]);
  });

  test.each(["no script", "see @script [1]", "@scripts []", "@script", ""])("not in %j", (message) => {
    expect(parseScript(message)).toBeUndefined();
  });
});

describe("an invalid script fails its run, with the reason", () => {
  test.each([
    ["@script nonsense", "not followed by a JSON array"],
    ['@script {"text":"a"}', "not followed by a JSON array"],
    ['@script ["a"]', "step 1: expected an object"],
    ['@script [{"text":"a"},{"txt":"b"}]', "step 2: expected one of tool, approve"],
    ['@script [{"text":"a","size":1}]', "step 1 (text): Unrecognized key"],
    ['@script [{"text":"a","n":1e9}]', "step 1 (text): n:"],
    ['@script [{"sleep_ms":-1}]', "step 1 (sleep_ms): sleep_ms:"],
    ['@script [{"sleep_ms":1e99}]', "step 1 (sleep_ms): sleep_ms:"],
    ['@script [{"hang":false}]', "step 1 (hang)"],
    ['@script [{"approve":[]}]', "step 1 (approve)"],
    ['@script [{"usage":{"compute_usd":"much"}}]', "expected a decimal string"],
    [`@script ${JSON.stringify(Array(1001).fill({ text: "" }))}`, "more than 1000 steps"],
    [`@script ${JSON.stringify([{ text: "x".repeat(1000), n: 20000 }])}`, "more than 16 MiB"],
    ['@script [{"__proto__":{"text":"a"}}]', "step 1: expected one of"],
  ])("%.60s", async (message, why) => {
    const { record, events } = await play(message);
    expect(record).toMatchObject({ status: "failed", status_message: expect.stringContaining(why) });
    expect(events[0]).toMatchObject({ type: "error", message: record.status_message, code: "runtime_error" });
  });
});

test("a long message is reported in full, in pieces that split no character", async () => {
  const message = "aé😀".repeat(3000);
  const { record, events } = await play(message);
  expect(record.output.startsWith(`You said: ${message}\n`)).toBe(true);
  expect(events.length).toBeGreaterThan(5);
  for (const event of events) if (event.type === "text") expect(event.text.isWellFormed()).toBe(true);
});

test("a custom agent does the work, and its failure fails the run", async () => {
  const calls = new Calls({
    agent: async (context) => {
      context.text(`${context.message} by hand`);
      await context.pause(5);
      if (context.message === "break") throw new Error("secret detail");
    },
  });
  const id = await calls.deploy();
  const run = async (message: string) => {
    const { run_id } = (await calls.post(`/deployments/${id}/runs`, { message })).body.data;
    await calls.ambient.advanceUntilIdle();
    return calls.record(run_id);
  };
  expect(await run("done")).toMatchObject({ status: "completed", output: "done by hand" });
  expect(await run("break")).toMatchObject({ status: "failed", status_message: "the agent failed unexpectedly" });
});

import { describe, expect, test } from "vitest";
import { Calls, DEPLOY } from "../../../support/in-process/local-calls.ts";

test("a run is queued, runs, and completes with a report of what it received", async () => {
  const calls = new Calls();
  const id = await calls.deploy();
  const extras = { conversation_id: "c-1", inputs: { city: "Łódź" }, client_request_id: "req-1", odd: [null] };
  const made = await calls.post(`/deployments/${id}/runs`, { message: "hello", ...extras });
  expect(made.status).toBe(202);
  expect(made.body.data).toMatchObject({ status: "queued", job_name: expect.stringMatching(/^job-[0-9a-f]{8}$/) });
  const run = made.body.data.run_id;
  expect(calls.cloud.stats()).toMatchObject({ createsReceived: 1, runsStarted: 1 });
  await calls.ambient.advanceUntilIdle();
  const record = await calls.record(run);
  const text =
    'You said: hello\nInstructions: IDENTITY.md, skill.\nEarlier turns in this conversation: 0.\nInputs: {"city":"Łódź"}\n';
  expect(record).toMatchObject({
    id: run,
    deployment_id: id,
    execution_id: made.body.data.execution_id,
    status: "completed",
    conversation_id: "c-1",
    output: text,
    invocation_payload: { message: "hello", ...extras },
    inference_input_tokens: 2,
    inference_output_tokens: 29,
  });
  expect(record.output_events.map((event: { type: string }) => event.type)).toEqual([
    "text",
    "text",
    "text",
    "text",
    "done",
  ]);
  expect(record.output_events[0]).toEqual({
    sequence_number: 1,
    event_type: "response.output_text.done",
    kind: "text",
    item_id: "it_1",
    output_index: 0,
    content_index: 0,
    type: "text",
    text: "You said: hello\n",
  });
  expect((await calls.get(`/deployments/${id}/runs/${run}`)).body.data).toEqual(record);
  expect(calls.cloud.stats().runsActive).toEqual([]);
});

test("earlier turns are counted by conversation and deployment", async () => {
  const calls = new Calls();
  const one = await calls.deploy();
  const two = await calls.deploy();
  const turns = async (deployment: string, conversation_id: string) => {
    const made = await calls.post(`/deployments/${deployment}/runs`, { message: "x", conversation_id });
    await calls.ambient.advanceUntilIdle();
    return /conversation: (\d+)/.exec((await calls.record(made.body.data.run_id)).output)?.[1];
  };
  expect([await turns(one, "a"), await turns(one, "a"), await turns(one, "b"), await turns(two, "a")]).toEqual([
    "0",
    "1",
    "0",
    "0",
  ]);
});

test.each([
  ["no body", undefined],
  ["null", "null"],
  ["an empty object", {}],
])("%s starts a run without a message", async (_, body) => {
  const calls = new Calls();
  const made = await calls.post(`/deployments/${await calls.deploy()}/runs`, body);
  expect(made.status).toBe(202);
  await calls.ambient.advanceUntilIdle();
  const record = await calls.record(made.body.data.run_id);
  expect(record.output).toContain("No message was sent.");
  expect(record.invocation_payload).toEqual({});
});

test("the run id in the request is ignored", async () => {
  const calls = new Calls();
  const requested = "0c0ffee0-0000-4000-8000-00000000000a";
  const made = await calls.post(`/deployments/${await calls.deploy()}/runs`, { run_id: requested });
  expect(made.body.data.run_id).not.toBe(requested);
});

describe("refused run bodies", () => {
  test.each([
    ["a message that is a number", { message: 1 }],
    ["async that is a string", { async: "yes" }],
    ["decisions without a checkpoint", { approval_decisions: [] }],
    ["an unknown decision", { resume_checkpoint_id: "cp", approval_decisions: [{ id: "a", decision: "deny" }] }],
    ["an unknown checkpoint", { resume_checkpoint_id: "cp", approval_decisions: [] }],
    ["an unknown collaboration", { collaboration: { surprise: 1 } }],
    ["an array", []],
    ["a string", '"hello"'],
  ])("%s", async (_, body) => {
    const calls = new Calls();
    const answer = await calls.post(`/deployments/${await calls.deploy()}/runs`, body);
    expect(answer.status).toBe(400);
    expect(calls.cloud.stats()).toMatchObject({ createsReceived: 1, runsStarted: 0 });
  });
});

describe("always_on", () => {
  test("without async the response holds the result", async () => {
    const calls = new Calls();
    const id = await calls.deploy({ mode: "always_on" });
    const answer = await calls.post(`/deployments/${id}/runs`, {
      message: '@script [{"sleep_ms":90000},{"text":"late"}]',
    });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ status: "completed", result: { text: "late" }, execution_time_ms: 90000 });
    expect((await calls.record(answer.body.data.run_id)).status).toBe("completed");
  });

  test("with async the run is followed like any other", async () => {
    const calls = new Calls();
    const id = await calls.deploy({ mode: "always_on" });
    const answer = await calls.post(`/deployments/${id}/runs`, { async: true });
    expect(answer.status).toBe(202);
    expect(answer.body.data.status).toBe("queued");
    expect(answer.body.data).not.toHaveProperty("job_name");
  });

  test("an untracked inline run has no id and is not listed", async () => {
    const calls = new Calls({ inlineRuns: "untracked" });
    const id = await calls.deploy({ mode: "always_on" });
    const answer = await calls.post(`/deployments/${id}/runs`, { message: '@script [{"text":"a"},{"fail":"broken"}]' });
    expect(answer.body.data).toMatchObject({ status: "failed", result: { text: "a", error: "broken" } });
    expect(answer.body.data).not.toHaveProperty("run_id");
    expect((await calls.get("/runs")).body.data).toEqual([]);
  });

  test("a caller who leaves does not end the run", async () => {
    const calls = new Calls();
    const id = await calls.deploy({ mode: "always_on" });
    const caller = new AbortController();
    const response = calls.raw("POST", `/deployments/${id}/runs`, {
      body: { message: '@script [{"hang":true}]' },
      signal: caller.signal,
    });
    await calls.ambient.advanceUntilIdle();
    caller.abort();
    await response;
    expect(calls.cloud.stats().runsActive).toHaveLength(1);
  });
});

test("cancel ends a run at once, and a second cancel changes nothing", async () => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "a" }, { sleep_ms: 1000 }, { text: "b" }]);
  await calls.ambient.advance(500);
  const answer = await calls.post(`/runs/${run}/cancel`);
  expect(answer.status).toBe(200);
  expect(answer.body.data).toMatchObject({ id: run, status: "cancelled", output: "a", stop_reason: "cancelled" });
  expect(answer.body.data.completed_at).toBe("2026-01-01T00:00:00.500Z");
  expect(calls.ambient.waiting).toBe(0);
  await calls.ambient.advanceUntilIdle();
  expect((await calls.post(`/runs/${run}/cancel`, {})).body.data).toEqual(answer.body.data);
  expect(calls.cloud.stats()).toMatchObject({ cancelsReceived: 2, runsActive: [] });
});

test("a queued run can be cancelled and never starts", async () => {
  const calls = new Calls({ startMs: 1000 });
  const run = await calls.start(await calls.deploy(), [{ text: "a" }]);
  expect((await calls.record(run)).status).toBe("queued");
  await calls.post(`/runs/${run}/cancel`);
  await calls.ambient.advance(5000);
  expect(await calls.record(run)).toMatchObject({ status: "cancelled", output: "" });
});

test("the deployment's own time limit ends a run", async () => {
  const calls = new Calls();
  const id = await calls.deploy({ workload: { ...DEPLOY.workload, limits: { max_timeout_seconds: 2 } } });
  const run = await calls.start(id, [{ text: "a" }, { hang: true }]);
  await calls.ambient.advance(1999);
  expect((await calls.record(run)).status).toBe("running");
  await calls.ambient.advance(1);
  expect(await calls.record(run)).toMatchObject({ status: "timeout", stop_reason: "timeout", execution_time_ms: 2000 });
});

test("the live state shows what a run is doing", async () => {
  const calls = new Calls();
  const id = await calls.deploy();
  const run = await calls.start(id, [{ tool: "search", args: { q: 1 }, ms: 1000 }, { text: "x" }]);
  await calls.ambient.advance(10);
  expect((await calls.get(`/runs/${run}/state`)).body.data).toMatchObject({
    run_id: run,
    deployment_id: id,
    status: "running",
    phase: "tool",
    current_tool: "search",
    terminal: false,
    latest_sequence: 1,
    latest_event_kind: "tool_call",
    pending_approval_count: 0,
  });
  await calls.ambient.advanceUntilIdle();
  expect((await calls.get(`/deployments/${id}/runs/${run}/state`)).body.data).toMatchObject({
    status: "completed",
    terminal: true,
    current_tool: null,
  });
});

test("spend is the sum of what the runs cost", async () => {
  const calls = new Calls();
  const id = await calls.deploy();
  expect((await calls.get(`/deployments/${id}/spend`)).body.data).toMatchObject({
    total_cost_usd: "0.000000",
    run_count: 0,
  });
  const steps = [{ usage: { input_tokens: 7, output_tokens: 9, compute_usd: "0.25", inference_usd: "1.5" } }];
  const run = await calls.start(id, steps);
  await calls.start(id, steps);
  await calls.ambient.advanceUntilIdle();
  expect(await calls.record(run)).toMatchObject({
    inference_input_tokens: 7,
    inference_output_tokens: 9,
    compute_cost_usd: "0.250000",
    inference_cost_usd: "1.500000",
    compute_cost_atomic: 250000,
  });
  expect((await calls.get(`/deployments/${id}/spend`)).body.data).toMatchObject({
    total_cost_usd: "3.500000",
    compute_cost_usd: "0.500000",
    inference_cost_usd: "3.000000",
    run_count: 2,
  });
});

test("ended runs are forgotten beyond the limit, live ones never", async () => {
  const calls = new Calls({ maxKeptRuns: 2 });
  const id = await calls.deploy();
  const live = await calls.start(id, [{ hang: true }]);
  const runs: string[] = [];
  for (let i = 0; i < 4; i += 1) {
    runs.push(await calls.start(id, [{ text: "x" }]));
    await calls.ambient.advanceUntilIdle();
  }
  const known = (await calls.get("/runs")).body.data.map((run: { id: string }) => run.id);
  expect(known).toEqual([runs[3], live]);
});

test("two services with the same seed behave the same", async () => {
  const history = async () => {
    const calls = new Calls({}, 42);
    const run = await calls.start(await calls.deploy(), [{ text: "{i}", n: 3, every_ms: 7 }, { approve: "pay" }]);
    await calls.ambient.advanceUntilIdle();
    return JSON.stringify([await calls.record(run), await calls.get(`/runs/${run}/pending_approvals`)]);
  };
  expect(await history()).toBe(await history());
});

import { describe, expect, test } from "vitest";
import { Calls, DEPLOY } from "../../support/local-calls.ts";

test("a run is queued, works, and completes with what it received", async () => {
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
  expect(record.output_events.map((event: { type: string }) => event.type)).toEqual(["text", "text", "text", "text", "done"]);
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
  expect([await turns(one, "a"), await turns(one, "a"), await turns(one, "b"), await turns(two, "a")]).toEqual(
    ["0", "1", "0", "0"],
  );
});

test.each([["no body", undefined], ["null", "null"], ["an empty object", {}]])("%s starts a run without a message", async (_, body) => {
  const calls = new Calls();
  const made = await calls.post(`/deployments/${await calls.deploy()}/runs`, body);
  expect(made.status).toBe(202);
  await calls.ambient.advanceUntilIdle();
  const record = await calls.record(made.body.data.run_id);
  expect(record.output).toContain("No message was sent.");
  expect(record.invocation_payload).toEqual({});
});

test("the caller's run id is a hint nobody takes", async () => {
  const calls = new Calls();
  const hint = "0c0ffee0-0000-4000-8000-00000000000a";
  const made = await calls.post(`/deployments/${await calls.deploy()}/runs`, { run_id: hint });
  expect(made.body.data.run_id).not.toBe(hint);
});

describe("refused run bodies", () => {
  test.each([
    ["a message that is a number", { message: 1 }],
    ["async as a word", { async: "yes" }],
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
  test("without async the answer holds the result", async () => {
    const calls = new Calls();
    const id = await calls.deploy({ mode: "always_on" });
    const answer = await calls.post(`/deployments/${id}/runs`, { message: '@script [{"sleep_ms":90000},{"text":"late"}]' });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ status: "completed", result: { text: "late" }, execution_time_ms: 90000 });
    expect((await calls.record(answer.body.data.run_id)).status).toBe("completed");
  });

  test("with async it is followed like any other", async () => {
    const calls = new Calls();
    const id = await calls.deploy({ mode: "always_on" });
    const answer = await calls.post(`/deployments/${id}/runs`, { async: true });
    expect(answer.status).toBe(202);
    expect(answer.body.data.status).toBe("queued");
    expect(answer.body.data).not.toHaveProperty("job_name");
  });

  test("an untracked inline run has no id and is nowhere listed", async () => {
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
    const gone = new AbortController();
    const asked = calls.raw("POST", `/deployments/${id}/runs`, { message: '@script [{"hang":true}]' }, {}, gone.signal);
    await calls.ambient.advanceUntilIdle();
    gone.abort();
    await asked;
    expect(calls.cloud.stats().runsActive).toHaveLength(1);
  });
});

test("cancel ends a run at once, and again is the same", async () => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "a" }, { sleep_ms: 1000 }, { text: "b" }]);
  await calls.ambient.advance(500);
  const answer = await calls.post(`/runs/${run}/cancel`);
  expect(answer.status).toBe(200);
  expect(answer.body.data).toMatchObject({ id: run, status: "cancelled", output: "a", stop_reason: "cancelled" });
  expect(answer.body.data.completed_at).toBe("2026-01-01T00:00:00.500Z");
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

test("the live state says what a run is doing", async () => {
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

describe("lists", () => {
  async function three() {
    const calls = new Calls();
    const one = await calls.deploy();
    const two = await calls.deploy();
    const runs = [
      await calls.start(one, [{ artifact: { id: "a", kind: "report", url: "https://x.invalid/1" } }], { conversation_id: "c" }),
      await calls.start(one, [{ text: "needle" }, { fail: "no" }]),
      await calls.start(two, [{ hang: true }], { thread_id: "t" }),
    ];
    await calls.ambient.advance(10);
    const ids = async (path: string) => (await calls.get(path)).body.data.map(({ id }: { id: string }) => runs.indexOf(id));
    return { calls, one, ids };
  }

  test("filters", async () => {
    const { ids, one } = await three();
    expect(await ids("/runs")).toEqual([2, 1, 0]);
    expect(await ids(`/deployments/${one}/runs`)).toEqual([1, 0]);
    expect(await ids("/runs?status=failed")).toEqual([1]);
    expect(await ids("/runs?status=failed,running&status=queued")).toEqual([2, 1]);
    expect(await ids("/runs?conversation_id=c")).toEqual([0]);
    expect(await ids("/runs?conversation_id=t")).toEqual([2]);
    expect(await ids("/runs?has_artifacts=true")).toEqual([0]);
    expect(await ids("/runs?has_artifacts=false&source=api")).toEqual([2, 1]);
    expect(await ids("/runs?source=cli")).toEqual([]);
    expect(await ids("/runs?compute_backend=aws_container&q=NEEDLE")).toEqual([1]);
    expect(await ids("/runs?started_after=2026-01-01T00:00:00Z&started_before=2026-01-01T01:00:00%2B01:00")).toEqual([2, 1, 0]);
    expect(await ids("/runs?started_after=2026-01-01T00:00:01Z")).toEqual([]);
  });

  test("pages", async () => {
    const { calls, ids } = await three();
    const page = await calls.get("/runs?limit=2&offset=1");
    expect(page.body.pagination).toEqual({ total: 3, count: 2, limit: 2, offset: 1, has_more: false });
    expect((await calls.get("/runs?limit=1")).body.pagination).toMatchObject({ limit: 1, has_more: true });
    expect(await ids("/runs?offset=9")).toEqual([]);
  });

  test.each(["status=lost", "has_artifacts=1", "started_after=yesterday", "limit=0", "offset=-1", "limit=1&limit=2", "compute_backend=x"])(
    "?%s is refused",
    async (query) => {
      expect((await new Calls().get(`/runs?${query}`)).status).toBe(400);
    },
  );
});

test("events are read in pages and by kind", async () => {
  const calls = new Calls();
  const run = await calls.start(await calls.deploy(), [{ text: "{i} ", n: 600 }, { tool: "search" }]);
  await calls.ambient.advanceUntilIdle();
  const first = await calls.get(`/runs/${run}/events?limit=500`);
  expect(first.body.pagination).toEqual({ total: 603, count: 500, limit: 500, offset: 0, has_more: true });
  expect(first.body.data[499]).toMatchObject({ sequence_number: 500, text: "500 " });
  expect((await calls.get(`/runs/${run}/events?limit=500&offset=500`)).body.data).toHaveLength(103);
  expect((await calls.get(`/runs/${run}/events`)).body.data).toHaveLength(100);
  expect((await calls.get(`/runs/${run}/events?kind=tool_call_started`)).body.data).toMatchObject([{ name: "search" }]);
  expect((await calls.get(`/runs/${run}/events?item_id=call_601`)).body.data).toHaveLength(2);
  expect((await calls.get(`/runs/${run}/events?q=%22599`)).body.data).toMatchObject([{ text: "599 " }]);
  expect((await calls.get(`/runs/${run}/events?limit=501`)).status).toBe(400);
});

test("spend adds up what the runs cost", async () => {
  const calls = new Calls();
  const id = await calls.deploy();
  expect((await calls.get(`/deployments/${id}/spend`)).body.data).toMatchObject({ total_cost_usd: "0.000000", run_count: 0 });
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

test("two services with one seed behave alike", async () => {
  const history = async () => {
    const calls = new Calls({}, 42);
    const run = await calls.start(await calls.deploy(), [{ text: "{i}", n: 3, every_ms: 7 }, { approve: "pay" }]);
    await calls.ambient.advanceUntilIdle();
    return JSON.stringify([await calls.record(run), await calls.get(`/runs/${run}/pending_approvals`)]);
  };
  expect(await history()).toBe(await history());
});

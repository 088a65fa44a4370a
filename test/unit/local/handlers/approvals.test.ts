import { describe, expect, test } from "vitest";
import type { LocalCloudOptions } from "../../../../src/local/index.ts";
import { Calls, textOf } from "../../../support/in-process/local-calls.ts";

async function waiting(options: Partial<LocalCloudOptions> = {}, step: object = {}) {
  const calls = new Calls(options);
  const id = await calls.deploy();
  const run = await calls.start(id, [
    { text: "before " },
    { approve: "pay", reason: "over 100 EUR", args: { eur: 250 }, ...step },
    { text: "after" },
  ]);
  await calls.ambient.advanceUntilIdle();
  const open = (await calls.get(`/runs/${run}/pending_approvals`)).body.data;
  const decide = (decision: string) => open.pending_approvals.map(({ id }: { id: string }) => ({ id, decision }));
  return { calls, id, run, checkpoint: open.checkpoint_id as string, open, decide };
}

test("a run that waits for a person is shown as waiting everywhere", async () => {
  const { calls, id, run, open, checkpoint } = await waiting();
  const approval = {
    id: "ap-1-1",
    tool: "pay",
    args: { eur: 250 },
    function_call_id: "fc_1_1",
    reason: "over 100 EUR",
  };
  expect(open).toEqual({
    run_id: run,
    status: "awaiting_approval",
    checkpoint_id: checkpoint,
    pending_approvals: [approval],
  });
  expect(await calls.record(run)).toMatchObject({ status: "awaiting_approval", completed_at: null });
  expect((await calls.get(`/runs/${run}/state`)).body.data).toMatchObject({
    status: "awaiting_approval",
    terminal: false,
    checkpoint_id: checkpoint,
    pending_approval_count: 1,
  });
  for (const path of ["/pending_approvals", `/deployments/${id}/pending_approvals`]) {
    const { data, pagination } = (await calls.get(path)).body;
    expect(data).toMatchObject([
      { run_id: run, deployment_id: id, status: "awaiting_approval", pending_approvals: [approval] },
    ]);
    expect(data[0]).not.toHaveProperty("checkpoint_id");
    expect(pagination.total).toBe(1);
  }
  const events = (await calls.record(run)).output_events;
  expect(events.slice(1)).toMatchObject([
    {
      type: "workflow",
      state: "awaiting_approval",
      checkpoint_id: checkpoint,
      details: { pending_approvals: [approval] },
    },
    { type: "approval_wait", checkpoint_id: checkpoint, reason: "over 100 EUR", tool_call_id: "call_1_1" },
  ]);
  expect(calls.cloud.stats().runsActive).toEqual([run]);
});

test("its stream stays open, and the deployment's time limit does not run", async () => {
  const { calls, run } = await waiting();
  const stream = await calls.open(`/runs/${run}/stream`);
  let text = "";
  while (!text.includes("replay_complete")) text += (await stream.next()).value ?? "";
  let more = false;
  void stream.next().then(() => {
    more = true;
  });
  await calls.ambient.advance(10_000);
  expect(more).toBe(false);
  await calls.ambient.advance(3_600_000);
  expect((await calls.record(run)).status).toBe("awaiting_approval");
  await stream.return?.();
});

describe("deciding with a new run request", () => {
  test("the same run continues, with the same log", async () => {
    const { calls, id, run, checkpoint, decide } = await waiting();
    const body = { resume_checkpoint_id: checkpoint, approval_decisions: decide("approve") };
    const answer = await calls.post(`/deployments/${id}/runs`, body);
    expect(answer.status).toBe(202);
    expect(answer.body.data).toMatchObject({ status: "running", run_id: run });
    const frames = await calls.frames(run);
    expect(textOf(frames)).toBe("before after");
    expect(frames.some((frame) => frame.data.includes('"type":"approval_decision","decision":"approve"'))).toBe(true);
    expect((await calls.record(run)).status).toBe("completed");
    expect((await calls.post(`/deployments/${id}/runs`, body)).status).toBe(409);
    expect(calls.cloud.stats()).toMatchObject({ createsReceived: 3, runsStarted: 1 });
  });

  test.each([
    ["new_run", "after"],
    ["new_run_repeating", "before after"],
  ] as const)("%s: another run continues with %j", async (approvalResume, text) => {
    const { calls, id, run, checkpoint, decide } = await waiting({ approvalResume });
    const answer = await calls.post(`/deployments/${id}/runs`, {
      resume_checkpoint_id: checkpoint,
      approval_decisions: decide("approve"),
    });
    const next = answer.body.data.run_id;
    expect(next).not.toBe(run);
    const frames = await calls.frames(next);
    expect(textOf(frames)).toBe(text);
    expect(frames[0]?.id).toBe("1");
    expect(await calls.record(next)).toMatchObject({ status: "completed", output: text });
    expect(await calls.record(run)).toMatchObject({ status: "completed", stop_reason: "resumed", output: "before " });
    expect(calls.cloud.stats()).toMatchObject({ runsStarted: 2, runsActive: [] });
  });

  test("a cancel of the new run ends the work that continues in it", async () => {
    const calls = new Calls({ approvalResume: "new_run" });
    const id = await calls.deploy();
    const run = await calls.start(id, [{ approve: "pay" }, { hang: true }]);
    await calls.ambient.advanceUntilIdle();
    const { checkpoint_id, pending_approvals } = (await calls.get(`/runs/${run}/pending_approvals`)).body.data;
    const answer = await calls.post(`/deployments/${id}/runs`, {
      resume_checkpoint_id: checkpoint_id,
      approval_decisions: [{ id: pending_approvals[0].id, decision: "approve" }],
    });
    await calls.ambient.advanceUntilIdle();
    await calls.post(`/runs/${answer.body.data.run_id}/cancel`);
    expect((await calls.record(answer.body.data.run_id)).status).toBe("cancelled");
    expect(calls.cloud.stats().runsActive).toEqual([]);
  });
});

describe("deciding in place", () => {
  test("a refusal blocks the run", async () => {
    const { calls, run, checkpoint, decide } = await waiting();
    const answer = await calls.post(`/runs/${run}/resume`, {
      resume_checkpoint_id: checkpoint,
      approval_decisions: decide("reject"),
    });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ id: run, status: "running" });
    await calls.ambient.advanceUntilIdle();
    expect(await calls.record(run)).toMatchObject({
      status: "blocked",
      status_message: "Not approved: pay.",
      output: "before ",
    });
  });

  test("a run can go on after a refusal", async () => {
    const { calls, id, run, checkpoint, decide } = await waiting(
      {},
      { approve: ["pay", "ship"], on_reject: "continue" },
    );
    expect(checkpoint).toMatch(/^cp-1-/);
    const decisions = decide("approve");
    decisions[1].decision = "reject";
    await calls.post(`/deployments/${id}/runs/${run}/resume`, {
      resume_checkpoint_id: checkpoint,
      approval_decisions: decisions,
    });
    await calls.ambient.advanceUntilIdle();
    expect(await calls.record(run)).toMatchObject({ status: "completed", output: "before Not approved: ship.after" });
  });

  test.each([
    ["no decision", () => [], 400],
    ["an id twice", (all: { id: string }[]) => [...all, ...all], 400],
    ["an id that is not pending", (all: object[]) => [...all, { id: "ap-9", decision: "approve" }], 400],
    ["an id from an event", () => [{ id: "call_1_1", decision: "approve" }], 400],
    ["an inbox verb", (all: object[]) => all.map((one) => ({ ...one, decision: "deny" })), 400],
    ["decisions that are not a list", () => "approve", 400],
  ])("%s is refused, and the run keeps waiting", async (_, change, status) => {
    const { calls, run, checkpoint, decide } = await waiting();
    const answer = await calls.post(`/runs/${run}/resume`, {
      resume_checkpoint_id: checkpoint,
      approval_decisions: change(decide("approve")),
    });
    expect(answer.status).toBe(status);
    expect((await calls.record(run)).status).toBe("awaiting_approval");
  });

  test("nothing to resume, a stale checkpoint, no checkpoint", async () => {
    const { calls, id, run, decide } = await waiting();
    const done = await calls.start(id, [{ text: "x" }]);
    await calls.ambient.advanceUntilIdle();
    expect((await calls.post(`/runs/${done}/resume`)).status).toBe(409);
    const stale = { resume_checkpoint_id: "cp-0", approval_decisions: decide("approve") };
    expect((await calls.post(`/runs/${run}/resume`, stale)).status).toBe(409);
    expect((await calls.post(`/runs/${run}/resume`, { approval_decisions: decide("approve") })).status).toBe(400);
  });
});

test("a waiting run can be cancelled", async () => {
  const { calls, run } = await waiting();
  expect((await calls.post(`/runs/${run}/cancel`)).body.data.status).toBe("cancelled");
  expect((await calls.get("/pending_approvals")).body.data).toEqual([]);
  expect((await calls.get(`/runs/${run}/pending_approvals`)).body.data.pending_approvals).toEqual([]);
});

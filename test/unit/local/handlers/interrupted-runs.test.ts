/** Runs that end with a restart of their runtime, and go on when they are resumed. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type LocalCloudOptions, StateFolder } from "../../../../src/local/index.ts";
import { scratchFolder } from "../../../support/child-process/child.ts";
import { Calls, textOf } from "../../../support/in-process/local-calls.ts";

const STEPS = [{ text: "before " }, { interrupt: "the host was replaced" }, { sleep_ms: 5 }, { text: "after" }];

async function interrupted(options: Partial<LocalCloudOptions> = {}, steps: object[] = STEPS) {
  const calls = new Calls(options);
  const id = await calls.deploy();
  const run = await calls.start(id, steps);
  await calls.ambient.advanceUntilIdle();
  return { calls, id, run, resume: () => calls.post(`/runs/${run}/resume`) };
}

test("an interrupted run has failed, and says that it can be tried again", async () => {
  const { calls, run } = await interrupted();
  const record = await calls.record(run);
  expect(record).toMatchObject({
    status: "failed",
    status_message: "the host was replaced",
    stop_reason: "interrupted",
    output: "before ",
  });
  expect(record.completed_at).toEqual(expect.any(String));
  expect(record.output_events.map(({ type }: { type: string }) => type)).toEqual(["text", "error"]);
  expect(record.output_events[1]).toMatchObject({
    type: "error",
    code: "interrupted",
    cause: "platform",
    retryable: true,
    message: "the host was replaced",
  });
  const frames = await calls.frames(run);
  expect(JSON.parse(frames.at(-1)?.data ?? "")).toEqual({ last_sequence: 2, status: "failed" });
  expect(calls.cloud.stats().runsActive).toEqual([]);
});

describe("a resume", () => {
  test("lets it go on once, as the same run and the same execution", async () => {
    const { calls, run, resume } = await interrupted();
    const before = await calls.record(run);
    const answer = await resume();
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({
      id: run,
      execution_id: before.execution_id,
      status: "running",
      stop_reason: null,
      completed_at: null,
    });
    expect(calls.cloud.stats()).toMatchObject({ runsStarted: 1, runsActive: [run] });
    expect((await resume()).status).toBe(409);
    const rest = await calls.frames(run, { cursor: "2" });
    expect(textOf(rest)).toBe("after");
    expect(await calls.record(run)).toMatchObject({ status: "completed", stop_reason: null, output: "before after" });
    expect((await resume()).status).toBe(409);
  });

  test("by the path of the deployment", async () => {
    const { calls, id, run } = await interrupted();
    expect((await calls.post(`/deployments/${id}/runs/${run}/resume`, {})).status).toBe(200);
    await calls.ambient.advanceUntilIdle();
    expect((await calls.record(run)).status).toBe("completed");
  });

  test("is possible for every interruption", async () => {
    const { calls, run, resume } = await interrupted({}, [...STEPS, { interrupt: "again" }, { text: "!" }]);
    await resume();
    await calls.ambient.advanceUntilIdle();
    expect(await calls.record(run)).toMatchObject({ status: "failed", stop_reason: "interrupted" });
    expect((await resume()).status).toBe(200);
    await calls.ambient.advanceUntilIdle();
    expect(await calls.record(run)).toMatchObject({ status: "completed", output: "before after!" });
  });

  test("may fail for a while, and its answer may be lost", async () => {
    const { calls, run, resume } = await interrupted({
      faults: {
        rules: [
          { kind: "status", where: "resume", status: 503, retry_after: 1, times: 2 },
          { kind: "lost_reply", where: "resume", answer: "drop", after: 2 },
        ],
      },
    });
    expect([(await resume()).status, (await resume()).status]).toEqual([503, 503]);
    expect((await calls.record(run)).status).toBe("failed");
    await expect(resume()).rejects.toThrow("dropped");
    expect((await resume()).status).toBe(409);
    await calls.ambient.advanceUntilIdle();
    expect((await calls.record(run)).status).toBe("completed");
  });

  test("of a run that was cancelled, failed or completed is refused", async () => {
    const { calls, run, resume } = await interrupted({}, [{ fail: "no" }, { interrupt: "never" }]);
    expect((await calls.record(run)).stop_reason).toBeNull();
    expect((await resume()).status).toBe(409);
  });

  test("of a run whose deployment is gone is refused", async () => {
    const { calls, id, resume } = await interrupted();
    await calls.send("DELETE", `/deployments/${id}`);
    expect((await resume()).status).toBe(409);
  });
});

test("an approval can be asked for after the interruption", async () => {
  const { calls, run, resume } = await interrupted({}, [{ interrupt: "x" }, { approve: "pay" }, { text: "paid" }]);
  await resume();
  await calls.ambient.advanceUntilIdle();
  const { checkpoint_id, pending_approvals } = (await calls.get(`/runs/${run}/pending_approvals`)).body.data;
  const decisions = [{ id: pending_approvals[0].id, decision: "approve" }];
  await calls.post(`/runs/${run}/resume`, { resume_checkpoint_id: checkpoint_id, approval_decisions: decisions });
  await calls.ambient.advanceUntilIdle();
  expect(await calls.record(run)).toMatchObject({ status: "completed", output: "paid" });
});

test("a record that lags behind still shows the interruption", async () => {
  const { calls, run, resume } = await interrupted(
    {
      faults: { rules: [{ kind: "lag", where: "record", ms: 1000 }] },
    },
    [...STEPS, { hang: true }],
  );
  await calls.ambient.advance(2000);
  await resume();
  await calls.ambient.advance(500);
  expect(await calls.record(run)).toMatchObject({ status: "failed", stop_reason: "interrupted", output: "before " });
  await calls.ambient.advance(600);
  expect(await calls.record(run)).toMatchObject({ status: "running", stop_reason: null });
});

test("a fault interrupts any run after so many events", async () => {
  const { calls, run, resume } = await interrupted(
    { faults: { rules: [{ kind: "interrupt", where: "create_run", events: 2 }] } },
    [{ text: "{i} ", n: 3, every_ms: 5 }, { text: "end" }],
  );
  expect(await calls.record(run)).toMatchObject({ status: "failed", stop_reason: "interrupted", output: "1 2 " });
  await resume();
  await calls.ambient.advanceUntilIdle();
  expect(await calls.record(run)).toMatchObject({ status: "completed", output: "1 2 3 end" });
});

test.each([
  ["between two steps that take no time", [{ text: "a" }, { text: "b" }, { text: "c" }], "ab"],
  ["in a report", undefined, "You said: hi\nInstructions: IDENTITY.md, skill.\n"],
])("a fault interrupts a run %s", async (_, steps, output) => {
  const calls = new Calls({ faults: { rules: [{ kind: "interrupt", where: "create_run", events: 2 }] } });
  const id = await calls.deploy();
  const message = steps === undefined ? "hi" : `@script ${JSON.stringify(steps)}`;
  const { run_id } = (await calls.post(`/deployments/${id}/runs`, { message })).body.data;
  await calls.ambient.advanceUntilIdle();
  expect(await calls.record(run_id)).toMatchObject({ stop_reason: "interrupted", output });
});

describe("with a state folder", () => {
  const open = (path: string) => ({
    store: new StateFolder({ path, onProblem: (reason) => expect.unreachable(reason) }),
  });

  test("a run that was resumed is stored as it ended", async () => {
    const path = join(scratchFolder(), "state");
    const { calls, run, resume } = await interrupted(open(path));
    await resume();
    await calls.ambient.advanceUntilIdle();
    const after = new Calls(open(path), 2);
    await after.ambient.advance(10);
    expect(await after.record(run)).toEqual(await calls.record(run));
  });

  test("a run that an earlier service left interrupted cannot go on", async () => {
    const path = join(scratchFolder(), "state");
    const { run } = await interrupted(open(path));
    const after = new Calls(open(path), 2);
    expect(await after.record(run)).toMatchObject({ status: "failed", stop_reason: "interrupted" });
    expect((await after.post(`/runs/${run}/resume`)).status).toBe(409);
  });
});

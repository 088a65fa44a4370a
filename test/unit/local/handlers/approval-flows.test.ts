/** The two ways to decide an approval: a new run request, and a resume in place. A service may know only one of them. */
import { describe, expect, test } from "vitest";
import type { LocalCloudOptions } from "../../../../src/local/index.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

const STATUSES = [400, 404, 405, 409, 422] as const;

async function waiting(options: Partial<LocalCloudOptions> = {}) {
  const calls = new Calls(options);
  const id = await calls.deploy();
  const run = await calls.start(id, [{ text: "before " }, { approve: "pay" }, { text: "after" }]);
  await calls.ambient.advanceUntilIdle();
  const { checkpoint_id: checkpoint, pending_approvals } = (await calls.get(`/runs/${run}/pending_approvals`)).body
    .data;
  const body = {
    resume_checkpoint_id: checkpoint as string,
    approval_decisions: pending_approvals.map(({ id }: { id: string }) => ({ id, decision: "approve" })),
  };
  return {
    calls,
    run,
    checkpoint: checkpoint as string,
    decide: {
      create_run: (changes: object = {}) => calls.post(`/deployments/${id}/runs`, { ...body, ...changes }),
      resume: (changes: object = {}) => calls.post(`/runs/${run}/resume`, { ...body, ...changes }),
    },
  };
}

describe.each([
  ["create_run", "resume", 200],
  ["resume", "create_run", 202],
] as const)("a service that refuses decisions by %s", (refused, accepted, success) => {
  test.each(STATUSES)("with %i takes them by the other way", async (status) => {
    const { calls, run, checkpoint, decide } = await waiting({ refusedDecisions: { where: refused, status } });
    expect((await decide[refused]()).status).toBe(status);
    expect((await calls.record(run)).status).toBe("awaiting_approval");
    expect(calls.cloud.stats().decisionsReceived).toEqual({});
    expect((await decide[accepted]()).status).toBe(success);
    await calls.ambient.advanceUntilIdle();
    expect(await calls.record(run)).toMatchObject({ status: "completed", output: "before after" });
    expect(calls.cloud.stats().decisionsReceived).toEqual({ [checkpoint]: 1 });
  });
});

test("such a service still resumes interrupted runs and starts new ones", async () => {
  for (const where of ["resume", "create_run"] as const) {
    const calls = new Calls({ refusedDecisions: { where, status: 405 } });
    const run = await calls.start(await calls.deploy(), [{ interrupt: "x" }, { text: "a" }]);
    await calls.ambient.advanceUntilIdle();
    expect((await calls.post(`/runs/${run}/resume`)).status).toBe(200);
  }
});

describe("a checkpoint that was decided", () => {
  const ways = ["create_run", "resume"] as const;
  test.each(ways.flatMap((first) => ways.map((second) => [first, second] as const)))(
    "by %s is not decided again by %s",
    async (first, second) => {
      const { calls, run, checkpoint, decide } = await waiting();
      await decide[first]();
      expect((await decide[second]()).status).toBe(409);
      await calls.ambient.advanceUntilIdle();
      expect((await decide[second]()).status).toBe(409);
      expect(await calls.record(run)).toMatchObject({ status: "completed", output: "before after" });
      expect(calls.cloud.stats()).toMatchObject({ decisionsReceived: { [checkpoint]: 3 }, runsStarted: 1 });
    },
  );

  test("is decided for a run that goes on as another one, too", async () => {
    const { calls, checkpoint, decide } = await waiting({ approvalResume: "new_run" });
    await decide.create_run();
    expect((await decide.create_run()).status).toBe(409);
    expect((await decide.resume()).status).toBe(409);
    expect(calls.cloud.stats()).toMatchObject({ decisionsReceived: { [checkpoint]: 3 }, runsStarted: 2 });
  });

  test("counts as decided when the answer was lost", async () => {
    const { calls, checkpoint, decide } = await waiting({
      faults: { rules: [{ kind: "lost_reply", where: "resume", answer: "drop" }] },
    });
    await expect(decide.resume()).rejects.toThrow("dropped");
    expect(calls.cloud.stats().decisionsReceived).toEqual({ [checkpoint]: 1 });
  });
});

test("decisions that are refused as malformed, and those for an unknown checkpoint, do not count", async () => {
  const { calls, decide } = await waiting();
  expect((await decide.resume({ approval_decisions: [] })).status).toBe(400);
  expect((await decide.resume({ resume_checkpoint_id: "cp-0" })).status).toBe(409);
  expect((await decide.create_run({ resume_checkpoint_id: "cp-0" })).status).toBe(400);
  expect(calls.cloud.stats().decisionsReceived).toEqual({});
});

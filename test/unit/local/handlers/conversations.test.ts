/** A service that takes one turn of a conversation at a time. */
import { describe, expect, test } from "vitest";
import type { FaultPlan } from "../../../../src/local/index.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

async function conversation(step: object, rule: object = {}) {
  const rules = [{ kind: "busy", where: "create_run", ...rule }] as FaultPlan["rules"];
  const calls = new Calls({ faults: { rules } });
  const id = await calls.deploy();
  const first = await calls.start(id, [step, { text: "one" }], { conversation_id: "c1" });
  await calls.ambient.advance(10);
  const turn = (more: object = { conversation_id: "c1" }) =>
    calls.post(`/deployments/${id}/runs`, { message: "two", ...more });
  return { calls, id, first, turn };
}

async function failedTurn(step: object) {
  const { calls, turn } = await conversation(step);
  const answer = await turn();
  expect(answer).toMatchObject({ status: 202, body: { data: { status: "queued" } } });
  await calls.ambient.advance(10);
  return { calls, record: await calls.record(answer.body.data.run_id) };
}

describe("a turn of a conversation that has an active run", () => {
  test("is a failed run whose only event says that the conversation is busy", async () => {
    const { calls, record } = await failedTurn({ hang: true });
    expect(record).toMatchObject({ status: "failed", output: "", conversation_id: "c1" });
    expect(record.output_events).toEqual([
      expect.objectContaining({ type: "error", code: "conversation_busy", cause: "session", retryable: true }),
    ]);
    expect(calls.cloud.stats()).toMatchObject({ createsReceived: 2, runsStarted: 1 });
    const frames = await calls.frames(record.id);
    expect(frames.filter(({ name }) => name === "run.event")).toHaveLength(1);
    expect(JSON.parse(frames.at(-1)?.data ?? "").status).toBe("failed");
  });

  test("says that it awaits approval when the active run does", async () => {
    const { record } = await failedTurn({ approve: "pay" });
    expect(record.output_events).toEqual([
      expect.objectContaining({
        type: "error",
        code: "conversation_awaiting_approval",
        cause: "session",
        retryable: false,
      }),
    ]);
  });

  test.each([
    [{ hang: true }, "conversation_busy"],
    [{ approve: "pay" }, "conversation_awaiting_approval"],
  ])("is refused in place of that when the rule says so: %j", async (step, error) => {
    const { calls, turn } = await conversation(step, { form: "refusal" });
    expect(await turn()).toMatchObject({ status: 409, body: { error, message: expect.any(String) } });
    expect(calls.cloud.stats().runsStarted).toBe(1);
  });

  test("is taken when the rule has applied often enough", async () => {
    const { calls, turn } = await conversation({ hang: true }, { after: 1, times: 1 });
    for (const status of ["failed", "completed"]) {
      const { run_id } = (await turn()).body.data;
      await calls.ambient.advance(10);
      expect((await calls.record(run_id)).status).toBe(status);
    }
  });
});

test("other turns are taken: of another conversation, of none, after the active run has ended", async () => {
  const { calls, first, turn } = await conversation({ hang: true });
  const statusAfter = async (more?: object) => {
    const { run_id } = (await turn(more)).body.data;
    await calls.ambient.advance(10);
    return calls.record(run_id);
  };
  expect((await statusAfter({ conversation_id: "c2" })).status).toBe("completed");
  expect((await statusAfter({})).status).toBe("completed");
  expect((await statusAfter()).status).toBe("failed");
  await calls.post(`/runs/${first}/cancel`);
  const last = await statusAfter();
  expect(last).toMatchObject({ status: "completed" });
  // A turn that did not run is no earlier turn.
  expect(last.output).toContain("Earlier turns in this conversation: 1.");
});

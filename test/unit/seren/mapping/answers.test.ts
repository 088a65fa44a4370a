/** The service's answers in our own words. */
import { describe, expect, test } from "vitest";
import {
  readEach,
  readLiveState,
  readPendingApprovals,
  readRun,
  readSnapshot,
} from "../../../../src/seren/mapping/answers.ts";
import { DEPLOYMENT, RUN, record, state } from "../follow/rows.ts";

const run = (changes: object) => {
  const answer = readRun(record(changes));
  if (!answer.ok) throw answer.error;
  return answer.value;
};

describe("a run", () => {
  test("has its members under our names, and null is absent", () => {
    expect(
      run({
        session_url: "https://s",
        status_message: null,
        stop_reason: "limit",
        started_at: "2026-01-01T00:00:01Z",
        inference_input_tokens: 3,
        compute_cost_usd: "0.1",
        output: null,
      }),
    ).toEqual({
      id: RUN,
      deploymentId: DEPLOYMENT,
      status: "running",
      sessionUrl: "https://s",
      stopReason: "limit",
      createdAt: Date.parse("2026-01-01T00:00:00Z"),
      startedAt: Date.parse("2026-01-01T00:00:01Z"),
      inputTokens: 3,
      computeCostUsd: "0.1",
    });
  });

  test.each([
    [[1], [1]],
    [[], []],
    [null, undefined],
    [undefined, undefined],
    ["[]", undefined],
    [{ length: 1 }, undefined],
  ])("with the output events %j has the rows %j", (events, expected) => {
    expect(run({ output_events: events }).eventRows).toEqual(expected);
  });

  test.each([
    [
      { client_request_id: "c", message: "m" },
      { requestId: "c", message: "m" },
    ],
    [{ client_request_id: 5, message: ["m"] }, {}],
    ["text", {}],
    [null, {}],
    [["c"], {}],
  ])("made with the payload %j says %j of the request", (payload, expected) => {
    const { requestId, message } = run({ invocation_payload: payload });
    expect({ requestId, message }).toEqual({ requestId: undefined, message: undefined, ...expected });
  });

  test("created at a text that is no time has none", () => {
    expect(run({ created_at: "soon" }).createdAt).toBeUndefined();
  });
});

test("a state, the approvals of a run and a snapshot have our names", () => {
  expect(readLiveState(state({ current_step: "s", current_tool: "t" }))).toMatchObject({
    value: { runId: RUN, deploymentId: DEPLOYMENT, latestSequence: 0, currentStep: "s", currentTool: "t" },
  });
  const approvals = [{ id: "a", tool: "pay", args: { n: 1 }, reason: null }];
  expect(
    readPendingApprovals({ run_id: RUN, status: "x", checkpoint_id: "cp", pending_approvals: approvals }),
  ).toMatchObject({ value: { checkpointId: "cp", approvals: [{ id: "a", tool: "pay", args: { n: 1 } }] } });
  expect(readSnapshot({ status: "running", output_events: null })).toEqual({
    ok: true,
    value: { status: "running", eventRows: [] },
  });
});

test("a value that cannot be read says why, and is left out of a list", () => {
  expect(readRun({ id: 5 })).toMatchObject({ ok: false, error: expect.any(Error) });
  expect(readEach(readRun, [null, record(), {}]).map(({ id }) => id)).toEqual([RUN]);
});

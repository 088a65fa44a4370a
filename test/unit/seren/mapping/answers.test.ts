/** The service's answers in our own words: only what identifies a thing is required. */
import { describe, expect, test } from "vitest";
import { PendingApprovalSchema } from "#protocols/seren-cloud";
import {
  readArtifact,
  readDeployment,
  readEach,
  readInvocation,
  readLiveState,
  readPendingApprovals,
  readPendingRuns,
  readRun,
  readSnapshot,
  requestIdOf,
} from "../../../../src/seren/mapping/answers.ts";
import { UNKNOWN_STATUS } from "../../../../src/seren/model.ts";
import { DEPLOYMENT, deployment, RUN, record, state } from "../follow/rows.ts";

const MARKER = "0c1a7b0d-e5f2-4c1b-9d3a-5f6e7d8c9b0a";

const run = (changes: object) => readRun(record(changes));

/** A value of every JSON type, and one that is too long for anything but an answer's text. */
const ODD_VALUES = [undefined, null, 7, "odd", true, [], [2026, 331, 7], { odd: 1 }, "long ".repeat(40_000)];

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
    expect(run({ output_events: events })?.eventRows).toEqual(expected);
  });

  test.each([
    [
      { client_request_id: MARKER, message: "m" },
      { requestId: MARKER, message: "m" },
    ],
    [JSON.stringify({ client_request_id: MARKER.toUpperCase() }), { requestId: MARKER }],
    [{ client_request_id: "c" }, {}],
    [{ client_request_id: [MARKER], message: ["m"] }, {}],
    ["text", undefined],
    [null, undefined],
    [["c"], undefined],
  ])("made with the payload %j says %j of the request", (payload, expected) => {
    expect(run({ invocation_payload: payload })?.payload).toEqual(expected);
  });

  test("without a usable id has the one it was asked for by, and none in a list", () => {
    expect(readRun({ id: null, status: "completed" }, RUN)).toMatchObject({ id: RUN, status: "completed" });
    expect(readRun({ id: null, status: "completed" })).toBeUndefined();
  });

  test("is found by its marker even where it has no id", () => {
    expect(requestIdOf({ id: [], invocation_payload: { client_request_id: MARKER } })).toBe(MARKER);
  });
});

describe("any member may be of any type", () => {
  const rows: [string, (value: unknown) => object | undefined, Record<string, unknown>, readonly string[]][] = [
    ["a run", (value) => readRun(value), record({ status: "completed", output: "text" }), ["id"]],
    ["a state", (value) => readLiveState(value), state({ terminal: true, status: "completed" }), ["run_id"]],
    ["a deployment", (value) => readDeployment(value), deployment(), ["id"]],
    [
      "a waiting run",
      (value) => readPendingRuns([value], () => undefined)?.rows[0],
      { run_id: RUN, deployment_id: DEPLOYMENT, status: "awaiting_approval" },
      ["run_id"],
    ],
    ["an artifact", readArtifact, { id: "a", artifact_type: "file", title: "t", url: "https://a", payload: 1 }, []],
    ["an invocation", readInvocation, { run_id: RUN, status: "queued", execution_id: "e" }, []],
  ];
  for (const [name, read, row, required] of rows) {
    test.each(Object.keys(row).filter((member) => !required.includes(member)))(`${name}: %s`, (member) => {
      for (const value of ODD_VALUES) expect(read({ ...row, [member]: value }), JSON.stringify(value)).toBeDefined();
    });
  }
});

test("a status that cannot be read is unknown, not an error", () => {
  for (const status of [7, null, [], {}]) expect(run({ status })?.status).toBe(UNKNOWN_STATUS);
  expect(run({ status: "never_heard_of" })?.status).toBe("never_heard_of");
});

test("a state that says neither what nor whether it ended cannot be read", () => {
  expect(readLiveState(state({ status: 1, terminal: 1 }))).toBeUndefined();
  expect(readLiveState(state({ status: 1, terminal: true }))).toMatchObject({ terminal: true });
});

test("a state, the approvals of a run and a snapshot have our names", () => {
  expect(readLiveState(state({ current_step: "s", current_tool: "t" }))).toMatchObject({
    runId: RUN,
    deploymentId: DEPLOYMENT,
    latestSequence: 0,
    currentStep: "s",
    currentTool: "t",
  });
  const approvals = [{ id: "a", tool: "pay", args: { n: 1 }, reason: null }];
  expect(PendingApprovalSchema.safeParse(approvals[0]).success).toBe(true);
  expect(
    readPendingApprovals(RUN)(
      { run_id: RUN, status: "x", checkpoint_id: "cp", pending_approvals: approvals },
      () => undefined,
    ),
  ).toMatchObject({ checkpointId: "cp", approvals: [{ id: "a", tool: "pay", args: { n: 1 } }], unreadable: 0 });
  expect(readSnapshot({ status: "running", output_events: null })).toEqual({
    runId: "",
    status: "running",
    eventRows: [],
  });
});

test("a request without an id is counted, and one with an odd tool is shown", () => {
  const pending_approvals = [{ tool: "pay" }, { id: "b", tool: { name: "pay" } }];
  expect(readPendingApprovals(RUN)({ status: "awaiting_approval", pending_approvals }, () => undefined)).toMatchObject({
    unreadable: 1,
    approvals: [{ id: "b", tool: '{"name":"pay"}' }],
  });
});

test("a row that cannot be read costs no other, and is counted", () => {
  const { rows, unreadable } = readEach(readRun, [null, record(), {}]);
  expect(rows.map(({ id }) => id)).toEqual([RUN]);
  expect(unreadable).toBe(2);
});

test("of a listing without measure 10,000 rows are read, and the others are counted", () => {
  const read = readEach((row) => row, Array(2_000_000).fill(1));
  expect(read.rows).toHaveLength(10_000);
  expect(read.unreadable).toBe(1_990_000);
});

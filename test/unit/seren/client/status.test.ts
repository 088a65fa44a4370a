import { describe, expect, test } from "vitest";
import { endingOf, hasStopped, isTerminal, stateFromRecord } from "../../../../src/seren/client/status.ts";

const RUN = "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f";

test.each([
  ["queued", undefined],
  ["running", undefined],
  ["awaiting_approval", undefined],
  ["completed", "completed"],
  ["failed", "failed"],
  ["error", "failed"],
  ["cancelled", "cancelled"],
  ["canceled", "cancelled"],
  ["timeout", "timed_out"],
  ["blocked", "blocked"],
  ["handoff", undefined],
  ["", undefined],
  ["toString", undefined],
  ["__proto__", undefined],
])("a run that is %j has ended as %s", (status, ending) => {
  expect(endingOf(status)).toBe(ending);
  expect(isTerminal(status)).toBe(ending !== undefined);
});

describe("there is nothing to follow for now", () => {
  const state = (status: string, terminal: boolean) => ({
    ...stateFromRecord({ id: RUN, deploymentId: RUN, status }),
    terminal,
  });
  test.each([
    ["running", false, false],
    ["running", true, true],
    ["unheard_of", false, false],
    ["completed", false, true],
    ["awaiting_approval", false, true],
  ])("%s, terminal %s: %s", (status, terminal, expected) => {
    expect(hasStopped(state(status, terminal))).toBe(expected);
  });
});

test("a state made from a record has the record's members", () => {
  const record = { id: RUN, deploymentId: RUN, status: "failed", statusMessage: "why" };
  expect(stateFromRecord(record)).toMatchObject({
    runId: RUN,
    status: "failed",
    terminal: true,
    statusMessage: "why",
  });
});

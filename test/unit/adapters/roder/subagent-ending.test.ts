/** Which terminal event a dispatch gets, and when its time is over. */
import { describe, expect, test } from "vitest";
import { dispatchDeadline } from "../../../../src/adapters/roder/subagents/deadline.ts";
import { ExecutionFailure, type FailureKind } from "../../../../src/support/failure.ts";
import { Host } from "./harness.ts";
import { RUN } from "./remote.ts";

async function failing(failure: ExecutionFailure, named: boolean) {
  const host = new Host();
  await host.dispatch("d1");
  if (named) host.remote.name().say("so far");
  host.remote.fail(failure);
  await host.ambient.advance(10);
  return host.terminal("d1");
}

describe("C12: before a remote run exists the dispatch fails", () => {
  test.each<[FailureKind, string, string]>([
    ["unauthorized", "no key", "no key"],
    ["payment_required", "add funds", "add funds"],
    ["rate_limited", "Seren Cloud asks to slow down", "rate limit: Seren Cloud asks to slow down"],
    ["rate_limited", "the rate limit was reached", "the rate limit was reached"],
    ["timed_out", "the time limit was reached", "timed out: the time limit was reached"],
    ["unavailable", "gateway timeout", "gateway time-out"],
    ["unavailable", "the request timed out on port 42917", "the request ran out of time on port [number]"],
    ["not_found", `run ${RUN.runId} is gone`, "run [id] is gone"],
    ["payment_required", "HTTP 429: too many requests, rate limit", "HTTP [number] too many calls, rate-limit"],
  ])("%s: %s", async (kind, message, error) => {
    expect(await failing(new ExecutionFailure(kind, message), false)).toEqual({ type: "failed", error });
  });
});

test("once a run exists its id is kept: a lost run is a result with its text so far", async () => {
  const terminal = await failing(new ExecutionFailure("unavailable", "Seren Cloud cannot be reached (timeout)"), true);
  expect(terminal).toMatchObject({
    type: "completed",
    result: {
      thread_id: RUN.runId,
      exit_reason: "failed",
      final_message:
        "The run failed: Seren Cloud cannot be reached (timeout)\n\nWhat it had produced until then:\nso far",
    },
  });
  expect(await failing(new ExecutionFailure("timed_out", "m"), true)).toMatchObject({
    result: { exit_reason: "timeout" },
  });
  expect(await failing(new ExecutionFailure("cancelled", "m"), true)).toMatchObject({
    result: { exit_reason: "cancelled" },
  });
});

test("a rate limit fails the dispatch even then, so that the host backs off and tries again", async () => {
  const terminal = await failing(new ExecutionFailure("rate_limited", "slow down"), true);
  expect(terminal).toEqual({ type: "failed", error: "rate limit: slow down" });
});

test.each([
  ["rate_limited", undefined, { type: "failed", error: `rate limit: try later` }],
  ["model_rate_limit_exceeded", true, { type: "failed", error: `rate limit: try later` }],
  ["rate_limited", false, undefined],
  ["model_refused", true, undefined],
])("a run that ends with code %s, retryable %s", async (code, retryable, expected) => {
  const host = new Host();
  await host.dispatch("d1");
  host.remote
    .name()
    .end({ kind: "failed", error: { message: "try later", code, ...(retryable === undefined ? {} : { retryable }) } });
  await host.ambient.advance(10);
  if (expected) expect(host.terminal("d1")).toEqual(expected);
  else expect(host.result("d1").exit_reason).toBe("failed");
});

const request = { description: "d", prompt: "p", inputs: undefined };

describe("C8: the deadline", () => {
  test.each([
    [{}, 1_800_000 - 3000],
    [{ timeout_seconds: null, parent_deadline_seconds: null }, 1_797_000],
    [{ timeout_seconds: 600, parent_deadline_seconds: 900 }, 597_000],
    [{ timeout_seconds: 600, parent_deadline_seconds: 60 }, 57_000],
    [{ parent_deadline_seconds: 14_400 }, 1_797_000],
    [{ timeout_seconds: 10 }, 9_000],
    [{ timeout_seconds: 1 }, 900],
    [{ timeout_seconds: 0 }, 0],
    [{ parent_deadline_seconds: 0 }, 0],
    [{ timeout_seconds: 1e19 }, 86_400_000 - 3000],
    [{ timeout_seconds: JSON.parse("18446744073709551615") }, 86_397_000],
  ])("of %j is %d ms away", (limits, ms) => {
    expect(dispatchDeadline({ ...request, ...limits }, 1_000_000)).toBe(1_000_000 + ms);
  });
});

test("C8: the run is stopped before the host's own timer fires, so that its partial result arrives in time", async () => {
  const host = new Host();
  await host.dispatch("d1", { timeout_seconds: 60 });
  host.remote.name().say("half");
  await host.ambient.advance(56_999);
  expect(host.remote.stoppedBy).toBeUndefined();
  await host.ambient.advance(2);
  expect(host.remote.stoppedBy).toBe("deadline");
  expect(host.result("d1")).toMatchObject({
    exit_reason: "timeout",
    final_message: "The run timed out: its time limit passed\n\nWhat it had produced until then:\nhalf",
  });
});

test("C8: a limit of 0 has passed already: no run is started", async () => {
  const host = new Host();
  expect((await host.dispatch("d1", { timeout_seconds: 0 })).result).toEqual({ dispatchId: "d1" });
  await host.ambient.advance(1000);
  expect(host.loads).toBe(0);
  expect(host.terminal("d1")).toEqual({
    type: "failed",
    error: "it timed out before a remote run was started: its time limit had passed already",
  });
});

test("C8: a limit beyond 2^53 seconds is one day", async () => {
  const host = new Host();
  await host.dispatch("d1", { timeout_seconds: 18446744073709552000 });
  await host.ambient.advance(3_600_000);
  expect(host.remote.stoppedBy).toBeUndefined();
  expect(host.remote.limits.deadline).toBe(86_397_000);
});

import { describe, expect, test } from "vitest";
import { workloadLimits } from "../../../src/parcel/limits.ts";
import { altered, failureOf } from "./parcels.ts";

type Entry = [scope: string, value: string];
const limitsOf = async (limits: Entry[], timeouts: Entry[] = []) =>
  workloadLimits(
    await altered("minimal", {
      limits: limits.map(([scope, value]) => ({ scope, value, qualifiers: [] })),
      timeouts: timeouts.map(([scope, duration]) => ({ scope, duration, qualifiers: [] })),
    }),
  );

test("members that are not stated are not sent", async () => {
  expect(await limitsOf([])).toBeUndefined();
  expect(await limitsOf([["OTHER", "5"]], [["TOOL", "5s"]])).toBeUndefined();
});

test("every scope has its limit", async () => {
  expect(
    await limitsOf(
      [
        ["ITERATIONS", "1"],
        ["TOOL_CALLS", "2"],
        ["TOOL_OUTPUT", "3"],
        ["CONTEXT_TOKENS", "4"],
        ["TOOL_ROUNDS", "5"],
      ],
      [["RUN", "6s"]],
    ),
  ).toEqual({
    max_iterations: 1,
    max_tool_calls_per_run: 2,
    max_tool_output_chars: 3,
    context_budget_tokens: 4,
    max_timeout_seconds: 6,
  });
});

describe("the last entry of a scope counts", () => {
  test.each<[string, Entry[], object | undefined]>([
    [
      "a later value",
      [
        ["ITERATIONS", "1"],
        ["ITERATIONS", "2"],
      ],
      { max_iterations: 2 },
    ],
    [
      "in any case",
      [
        ["ITERATIONS", "1"],
        ["iterations", "2"],
      ],
      { max_iterations: 2 },
    ],
    [
      "zero takes an earlier one back",
      [
        ["ITERATIONS", "1"],
        ["ITERATIONS", "0"],
      ],
      undefined,
    ],
    [
      "so does what cannot be read",
      [
        ["ITERATIONS", "1"],
        ["ITERATIONS", "many"],
      ],
      undefined,
    ],
    [
      "a value after zero counts",
      [
        ["ITERATIONS", "0"],
        ["ITERATIONS", "3"],
      ],
      { max_iterations: 3 },
    ],
    ["tool rounds stand in for iterations", [["TOOL_ROUNDS", "8"]], { max_iterations: 8 }],
    [
      "tool rounds yield to iterations",
      [
        ["ITERATIONS", "2"],
        ["TOOL_ROUNDS", "8"],
      ],
      { max_iterations: 2 },
    ],
    [
      "tool rounds stand in for an ignored one",
      [
        ["ITERATIONS", "0"],
        ["TOOL_ROUNDS", "8"],
      ],
      { max_iterations: 8 },
    ],
    ["letters of other alphabets are others", [["ıTERATIONS", "2"]], undefined],
  ])("%s", async (_, entries, limits) => {
    expect(await limitsOf(entries)).toEqual(limits);
  });
});

test.each([
  ["+7", 7],
  ["007", 7],
  ["2147483647", 2147483647],
  ["2147483648", 2147483647],
  ["4294967295", 2147483647],
  ["4294967296", undefined],
  [" 7", undefined],
  ["-7", undefined],
  ["7.0", undefined],
  ["1e3", undefined],
  ["0x10", undefined],
  ["", undefined],
])("value %j", async (value, limit) => {
  expect((await limitsOf([["TOOL_CALLS", value]]))?.max_tool_calls_per_run).toBe(limit);
});

test.each([
  ["1ms", 1],
  ["1001ms", 2],
  ["2m", 120],
  ["0s", undefined],
  ["999999999h", 2147483647],
])("TIMEOUT RUN %s is rounded up to seconds", async (duration, seconds) => {
  expect((await limitsOf([], [["RUN", duration]]))?.max_timeout_seconds).toBe(seconds);
});

test("an unreadable TIMEOUT RUN is an error", async () => {
  expect((await failureOf(() => limitsOf([], [["RUN", "soon"]]))).kind).toBe("invalid_input");
});

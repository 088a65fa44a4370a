import { expect, test } from "vitest";
import { loadParcel, runTimeoutMs } from "../../../src/parcel/index.ts";
import { parseDuration } from "../../../src/parcel/timeouts.ts";
import { altered, failureOf, parcelDir } from "./parcels.ts";

test.each([
  ["chat", 300_000],
  ["job", 1_200_000],
  ["heartbeat", 60_000],
  ["hurried", 1_000],
  ["minimal", undefined],
])("TIMEOUT RUN of %s", async (name, ms) => {
  expect(runTimeoutMs(await loadParcel(parcelDir(name)))).toBe(ms);
});

test.each([
  ["250ms", 250],
  ["1s", 1_000],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["0s", 0],
  [" 5 s ", 5_000],
  ["+5s", 5_000],
  ["007s", 7_000],
  ["5\u0085s", 5_000],
  ["18446744073709551615h", Number.MAX_SAFE_INTEGER],
  ["18446744073709551616ms", undefined],
  ["5", undefined],
  ["s", undefined],
  ["-5s", undefined],
  ["1.5s", undefined],
  ["1e3s", undefined],
  ["5S", undefined],
  ["5 d", undefined],
  ["5s5s", undefined],
  ["", undefined],
  [`${"9".repeat(1_000_000)}s`, undefined],
])("duration %#", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

const withTimeouts = (...entries: [scope: string, duration: string][]) =>
  altered("minimal", { timeouts: entries.map(([scope, duration]) => ({ scope, duration, qualifiers: [] })) });

test("the last entry of a scope counts, in any case of its letters", async () => {
  expect(runTimeoutMs(await withTimeouts(["RUN", "1s"], ["run", "2s"], ["TOOL", "3s"]))).toBe(2_000);
  expect(runTimeoutMs(await withTimeouts(["RUN", "x"], ["Run", "2s"]))).toBe(2_000);
});

test("an unreadable duration is an error", async () => {
  const parcel = await withTimeouts(["RUN", "1s"], ["RUN", "soon"]);
  expect(await failureOf(() => runTimeoutMs(parcel))).toEqual({
    kind: "invalid_input",
    message:
      'the parcel\'s `TIMEOUT RUN` is "soon", which is not a duration. Write a whole number with ms, s, m or h, for example 300s',
  });
});

/** What got worse between two sittings is marked, and what only varies is not. */
import { expect, test } from "vitest";
import { changes, differences } from "../../bench/support/compare.ts";
import type { NamedRow, Sitting } from "../../bench/support/sitting.ts";
import { changesTable } from "../../bench/support/table.ts";

const sitting = (...rows: Partial<NamedRow>[]): Sitting => ({
  node: "v20.0.0",
  machine: "one",
  scale: 1,
  rows: rows.map((row) => ({ id: "B1", what: "start", measured: "", figure: "1.00 ×", ...row })),
});
const verdicts = (before: Sitting, now: Sitting) => changes(before, now).map(({ verdict }) => verdict);

const quiet = [1.0, 1.01, 1.02, 1.01, 1.0, 1.02, 1.01];
const slower = quiet.map((value) => value + 0.2);
const noisy = [0.7, 1.1, 1.6, 1.3, 0.9, 1.9, 1.2];

test.each([
  ["the same", quiet, quiet, {}, "same"],
  ["more than the noise of both", quiet, slower, {}, "WORSE"],
  ["less than the noise of both", slower, quiet, {}, "better"],
  ["more, of what should be much", quiet, slower, { moreIsBetter: true }, "better"],
  ["less, of what should be much", slower, quiet, { moreIsBetter: true }, "WORSE"],
  ["more, within the noise of the earlier one", noisy, slower, {}, "same"],
  ["more, within the noise of the later one", quiet, noisy, {}, "same"],
  ["too few rounds to know", quiet, [9, 9], {}, "unknown"],
  ["nothing measured", undefined, quiet, {}, "unknown"],
  ["not a number, which JSON writes as null", quiet, [null, null, null, 9] as unknown as number[], {}, "unknown"],
])("%s", (_, before, now, more, verdict) => {
  expect(verdicts(sitting({ rounds: before }), sitting({ rounds: now, ...more }))).toEqual([verdict]);
});

test("a row that passed by a count and fails now is worse", () => {
  expect(verdicts(sitting({ met: true }), sitting({ met: false }))).toEqual(["WORSE"]);
});

test("new rows and rows that are gone are named; benchmarks that were not asked for are not", () => {
  const before = sitting({ what: "old" }, { id: "B2", what: "not asked for" });
  const all = changes(before, sitting({ what: "another" }));
  expect(all.map(({ what, why }) => `${what}: ${why}`)).toEqual(["another: new", "old: gone"]);
  expect(changesTable(all)).toContain("| unknown: gone |");
});

test("what makes two sittings hard to compare is said", () => {
  const other = { ...sitting(), node: "v26.0.0", scale: 0.1 };
  expect(differences(sitting(), other)).toEqual(["node: v20.0.0 before, v26.0.0 now", "scale: 1 before, 0.1 now"]);
});

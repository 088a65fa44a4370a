/** Every benchmark runs and gives rows, at a size that says nothing about speed. */
import { expect, test } from "vitest";
import { BENCHMARKS } from "../../bench/all.ts";
import { packageSize } from "../../bench/b15-package.ts";
import { table } from "../../bench/support/table.ts";

/** The package is packed once for all tests: test/package/package.test.ts runs that one. */
const others = BENCHMARKS.filter((benchmark) => benchmark !== packageSize);

test.each(others)("$id: $title", async (benchmark) => {
  const rows = await benchmark.run({ rounds: 1, scale: 0.002 });
  expect(rows.length).toBeGreaterThan(0);
  for (const { what, measured, figure } of rows) expect([what, measured, figure].join()).not.toMatch(/NaN|undefined/);
  expect(table(rows.map((row) => ({ id: benchmark.id, ...row }))).split("\n")).toHaveLength(rows.length + 2);
});

import { expect, test } from "vitest";
import { RecentSet } from "../../../src/support/recent-set.ts";

test("the oldest value is forgotten; one that is added again is the newest", () => {
  const set = new RecentSet<string>(2);
  for (const value of ["a", "b", "a", "c"]) set.add(value);
  expect(["a", "b", "c"].map((value) => set.has(value))).toEqual([true, false, true]);
});

/** 300 plans under virtual time. `npm run simulate` runs any number of them. */
import { expect, test } from "vitest";
import { brokenPlans } from "./broken-plans.ts";

test("300 plans keep every invariant", { timeout: 300_000 }, async () => {
  expect(await brokenPlans({ firstSeed: 7_000_000, count: 300 })).toEqual([]);
});

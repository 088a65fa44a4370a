/** A few plans of the simulator; simulate.campaign.ts has more, and CI thousands. */
import { expect, test } from "vitest";
import { generateAnyPlan, simulateAnyPlan } from "./any-plan.ts";
import { brokenPlans } from "./broken-plans.ts";

const FIRST_SEED = 7_000_300;

test("60 plans keep every invariant", { timeout: 120_000 }, async () => {
  expect(await brokenPlans({ firstSeed: FIRST_SEED, count: 60 })).toEqual([]);
});

test("the same seed gives the same trace, another one another", { timeout: 60_000 }, async () => {
  const hashes = async () => {
    const all: string[] = [];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 40; seed += 1)
      all.push((await simulateAnyPlan(generateAnyPlan(seed))).trace.hash);
    return all;
  };
  const first = await hashes();
  expect(await hashes()).toEqual(first);
  expect(new Set(first).size).toBe(first.length);
});

import { expect, test } from "vitest";
import { generateAnyPlan, simulateAnyPlan } from "./any-plan.ts";

const FIRST = 7_000_000;
const PLANS = 300;

test(`${PLANS} plans keep every promise`, async () => {
  const broken: string[] = [];
  for (let seed = FIRST; seed < FIRST + PLANS; seed += 1) {
    const { problems } = await simulateAnyPlan(generateAnyPlan(seed));
    if (problems.length > 0) broken.push(`npm run simulate -- --only ${seed}\n  ${problems.join("\n  ")}`);
  }
  expect(broken).toEqual([]);
}, 120_000);

test("the same seed gives the same trace, another one another", async () => {
  const hashes = async () => {
    const all: string[] = [];
    for (let seed = FIRST; seed < FIRST + 40; seed += 1)
      all.push((await simulateAnyPlan(generateAnyPlan(seed))).trace.hash);
    return all;
  };
  const first = await hashes();
  expect(await hashes()).toEqual(first);
  expect(new Set(first).size).toBe(first.length);
}, 60_000);

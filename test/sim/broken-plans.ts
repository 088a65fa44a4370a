/** Simulates plans, for tests. */
import { generateAnyPlan, simulateAnyPlan } from "./any-plan.ts";

/** Returns a report for each plan that broke an invariant: the command that replays it, and what was wrong. */
export async function brokenPlans({ firstSeed, count }: { firstSeed: number; count: number }): Promise<string[]> {
  const broken: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
    const { problems } = await simulateAnyPlan(generateAnyPlan(seed));
    if (problems.length > 0) broken.push(`npm run simulate -- --only ${seed}\n  ${problems.join("\n  ")}`);
  }
  return broken;
}

/** Random fault plans, scripts and hosts against the built program. `npm run chaos` runs any number of them. */
import { expect, test } from "vitest";
import { drawn } from "../support/every.ts";
import { runCampaign } from "./campaign.ts";

const PLANS = drawn(150, 300);
const FIRST_SEED = 20_000_000;

test(`${PLANS} plans from seed ${FIRST_SEED} on keep every invariant`, { timeout: 600_000 }, async () => {
  const failures: string[] = [];
  let finished = 0;
  await runCampaign(FIRST_SEED, PLANS, ({ plan, problems }) => {
    finished += 1;
    for (const problem of problems) failures.push(`${problem} (npm run chaos -- --only ${plan.seed})`);
  });
  expect(failures).toEqual([]);
  expect(finished).toBe(PLANS);
});

/** A few plans of the chaos campaign. The whole of it is chaos.campaign.ts. */
import { expect, test } from "vitest";
import { runCampaign } from "./campaign.ts";

const PLANS = 14;
const FIRST_SEED = 21_000_000;

test(`${PLANS} plans from seed ${FIRST_SEED} on keep every invariant`, { timeout: 120_000 }, async () => {
  const failures: string[] = [];
  await runCampaign(FIRST_SEED, PLANS, ({ plan, problems }) => {
    for (const problem of problems) failures.push(`${problem} (npm run chaos -- --only ${plan.seed})`);
  });
  expect(failures).toEqual([]);
});

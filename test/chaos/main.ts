/** `npm run chaos -- --plans N --seed S [--only SEED]`. */
import { parseArgs } from "node:util";
import { type PlanResult, runBatch, runCampaign } from "./campaign.ts";
import { generateChaosPlan } from "./chaos-plan-generator.ts";

const { values } = parseArgs({
  options: {
    plans: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
/** Campaigns with different seeds share no plan. */
const SPREAD = 1_000_000;

let passed = 0;
let failed = 0;
const slow: { seed: number; ms: number }[] = [];
const began = performance.now();

function report({ plan, problems, ms, stderr }: PlanResult): void {
  slow.push({ seed: plan.seed, ms });
  if (problems.length === 0) passed += 1;
  else {
    failed += 1;
    console.log(`\nFAILED: npm run chaos -- --only ${plan.seed}`);
    for (const problem of problems.slice(0, 10)) console.log(`  ${problem}`);
    console.log(`  plan: ${JSON.stringify(plan)}`);
    if (values.only !== undefined) console.log(`  stderr: ${stderr}`);
  }
  if (values.verbose)
    console.log(`${plan.seed} ${plan.host} ${(ms / 1000).toFixed(1)} s ${problems.length > 0 ? "FAILED" : "ok"}`);
}

if (values.only === undefined) {
  await runCampaign(Number(values.seed) * SPREAD, Number(values.plans), report);
} else for (const result of await runBatch([generateChaosPlan(Number(values.only))])) report(result);

slow.sort((a, b) => b.ms - a.ms);
const slowest = slow.slice(0, 5).map(({ seed, ms }) => `${seed}: ${(ms / 1000).toFixed(1)} s`);
console.log(`\n${((performance.now() - began) / 1000).toFixed(1)} s in all; the slowest plans: ${slowest.join(", ")}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

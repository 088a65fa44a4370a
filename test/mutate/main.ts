/**
 * `npm run mutate -- --sample N --seed S [--only TEXT] [--scenario TEXT] [--jobs N]`: the built program against answers
 * with one odd member. Without `--sample` every trial is played.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { campaign, type Report } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    scenario: { type: "string" },
    only: { type: "string" },
    jobs: { type: "string", default: String(3 * availableParallelism()) },
  },
});

const failures = new Map<string, number>();
const onTrial = ({ name, problems, number, of }: Report) => {
  if (number % 200 === 0) console.log(`${number} of ${of}`);
  if (problems.length === 0) return;
  const kind = name.split(": ").slice(0, 3).join(": ");
  failures.set(kind, (failures.get(kind) ?? 0) + 1);
  console.log(`FAILED: npm run mutate -- --only '${name}'`);
  for (const problem of problems) console.log(`  ${problem}`);
};

const { passed, failed } = await campaign({
  sample: values.sample === undefined ? Number.POSITIVE_INFINITY : Number(values.sample),
  seed: Number(values.seed),
  scenario: values.scenario,
  only: values.only,
  jobs: Number(values.jobs),
  onTrial,
});
if (failures.size > 0)
  console.log(`\nFailures by member:\n${[...failures].map(([name, count]) => `  ${count} ${name}`).join("\n")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

/**
 * `npm run mutate -- --sample N --seed S [--group N] [--once] [--only TEXT] [--scenario TEXT] [--jobs N]`: the built program
 * against answers with one odd member, or with up to N of them (`--group`). Without `--sample` every member is tried with
 * every oddity, in every scenario or, with `--once`, in one that the seed draws.
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
    group: { type: "string", default: "1" },
    once: { type: "boolean", default: false },
    jobs: { type: "string", default: String(3 * availableParallelism()) },
  },
});

let shown = 0;
const failures = new Map<string, number>();
const onTrial = ({ name, problems, number, of }: Report) => {
  if (Math.floor(number / 500) > shown) {
    shown = Math.floor(number / 500);
    console.log(`${number} of ${of}`);
  }
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
  group: Number(values.group),
  once: values.once,
  jobs: Number(values.jobs),
  onTrial,
});
if (failures.size > 0)
  console.log(`\nFailures by member:\n${[...failures].map(([name, count]) => `  ${count} ${name}`).join("\n")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

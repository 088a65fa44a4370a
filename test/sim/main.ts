/**
 * `npm run simulate -- --plans N --seed S`: simulates N plans, with seeds from S × 1,000,000. `--skip K` leaves out
 * the first K, so that a long simulation can be played in parts. A line on stderr says how far it is.
 * `--only SEED` simulates one plan and prints it with its trace; `--plan FILE` reads the plan from a file.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { AnyPlan } from "./any-plan.ts";
import { generateAnyPlan, simulateAnyPlan } from "./any-plan.ts";
import { kindOf, shrink } from "./shrink.ts";

const SEEDS_APART = 1_000_000;
/** Number of failures that are shrunk and printed in full. The others are counted by kind. */
const MAX_SHOWN = 3;
const PLANS_BETWEEN_PROGRESS_LINES = 10_000;

const { values } = parseArgs({
  options: {
    plans: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    skip: { type: "string", default: "0" },
    only: { type: "string" },
    plan: { type: "string" },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);

async function one(plan: AnyPlan): Promise<boolean> {
  const { problems, trace } = await simulateAnyPlan(plan, true);
  say(JSON.stringify(plan, undefined, 1));
  for (const line of trace.lines ?? []) say(line);
  for (const what of problems) say(`WRONG ${what}`);
  say(`trace ${trace.hash}`);
  say(problems.length === 0 ? "1 passed, 0 failed" : "0 passed, 1 failed");
  return problems.length === 0;
}

async function many(plans: number, firstSeed: number): Promise<boolean> {
  const began = performance.now();
  const seeds = new Map<string, number[]>();
  let failed = 0;
  let hash = 0;
  for (let index = 0; index < plans; index += 1) {
    if (index > 0 && index % PLANS_BETWEEN_PROGRESS_LINES === 0)
      process.stderr.write(`${index} of ${plans} played, ${failed} failed\n`);
    const plan = generateAnyPlan(firstSeed + index);
    const { problems, trace } = await simulateAnyPlan(plan);
    hash = (Math.imul(hash, 31) + Number.parseInt(trace.hash, 16)) >>> 0;
    if (problems.length === 0) continue;
    failed += 1;
    if (failed <= MAX_SHOWN) await report(plan, problems);
    for (const kind of new Set(problems.map(kindOf))) seeds.set(kind, [...(seeds.get(kind) ?? []), plan.seed]);
  }
  for (const [kind, where] of seeds) say(`${where.length}× ${kind}: ${where.slice(0, 8).join(" ")}`);
  const seconds = (performance.now() - began) / 1000;
  say(`${(plans / seconds).toFixed(0)} plans a second, trace ${hash.toString(16).padStart(8, "0")}`);
  say(`${plans - failed} passed, ${failed} failed`);
  return failed === 0;
}

async function report(plan: AnyPlan, problems: string[]): Promise<void> {
  say(`seed ${plan.seed}`);
  for (const what of problems) say(`  ${what}`);
  say(`  replay: npm run simulate -- --only ${plan.seed}`);
  say(
    `  smallest plan that fails so (save it and give it to --plan): ${JSON.stringify(await shrink(plan, problems[0] ?? ""))}`,
  );
}

const passed =
  values.plan !== undefined
    ? await one(JSON.parse(readFileSync(values.plan, "utf8")))
    : values.only !== undefined
      ? await one(generateAnyPlan(Number(values.only)))
      : await many(Number(values.plans), Number(values.seed) * SEEDS_APART + Number(values.skip));
process.exitCode = passed ? 0 : 1;

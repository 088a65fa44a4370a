/** `npm run simulate -- --plans N --seed S [--only SEED]`. */
import { parseArgs } from "node:util";
import { drawPlan } from "./draw-plan.ts";
import { live } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    plans: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    most: { type: "string", default: "5" },
  },
});

let failed = 0;
let passed = 0;
let hash = 0;
if (values.only !== undefined) {
  const plan = drawPlan(Number(values.only));
  const { wrong, trace } = await live(plan, true);
  console.log(JSON.stringify(plan, undefined, 1));
  for (const line of trace.lines ?? []) console.log(line.slice(0, 400));
  for (const one of wrong) console.log(`WRONG ${one}`);
  console.log(`trace ${trace.hash}`);
} else {
  const first = Number(values.seed) * 1_000_000;
  const began = performance.now();
  const byKind = new Map<string, number[]>();
  for (let index = 0; index < Number(values.plans); index += 1) {
    const seed = first + index;
    const plan = drawPlan(seed);
    const { wrong, trace } = await live(plan);
    hash = (Math.imul(hash, 31) + Number.parseInt(trace.hash, 16)) >>> 0;
    if (wrong.length === 0) passed += 1;
    else {
      failed += 1;
      for (const one of wrong) {
        const kind = one
          .replace(/ \(run\d\)/, "")
          .replace(/[0-9]{2,}/g, "#")
          .replace(/".*?"/g, "…")
          .slice(0, 60);
        const seeds = byKind.get(kind) ?? [];
        seeds.push(seed);
        byKind.set(kind, seeds);
      }
    }
  }
  for (const [kind, seeds] of byKind) console.log(`${seeds.length}× ${kind} — ${seeds.slice(0, 6).join(" ")}`);
  const seconds = (performance.now() - began) / 1000;
  console.log(`${(Number(values.plans) / seconds).toFixed(0)} plans/s, trace ${hash.toString(16)}`);
  console.log(`${passed} passed, ${failed} failed`);
}

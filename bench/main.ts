/**
 * `npm run bench [-- B3 B4 …] [--rounds N] [--scale S] [--json FILE] [--compare FILE]`: measures the built program and prints one
 * table. Whatever is compared runs in turns in one sitting, and medians are shown; on a machine that does other things, too,
 * believe ratios, not milliseconds. `--json` keeps the sitting; `--compare` holds it against one that was kept, and exits with 1
 * when something got worse.
 */
import { parseArgs } from "node:util";
import { BENCHMARKS, SIDE_BY_SIDE } from "./all.ts";
import { changes, differences } from "./support/compare.ts";
import { type NamedRow, readSitting, sittingOf, writeSitting } from "./support/sitting.ts";
import { changesTable, table } from "./support/table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    scale: { type: "string", default: "1" },
    json: { type: "string" },
    compare: { type: "string" },
  },
});
const all = [...BENCHMARKS, ...SIDE_BY_SIDE];
const wanted = new Set(positionals.map((id) => id.toUpperCase()));
const unknown = [...wanted].filter((id) => !all.some((one) => one.id === id));
if (unknown.length > 0) throw new Error(`no such benchmark: ${unknown.join(", ")}`);
const before = values.compare === undefined ? undefined : readSitting(values.compare); // a wrong name fails before minutes have passed

const rows: NamedRow[] = [];
for (const benchmark of all) {
  const { id, title, rounds } = benchmark;
  if (wanted.size > 0 && !wanted.has(id)) continue;
  const began = performance.now();
  const options = { rounds: Number(values.rounds ?? rounds), scale: Number(values.scale) };
  for (const row of await benchmark.run(options)) rows.push({ id, ...row });
  console.error(`${id} ${title}: ${options.rounds} rounds, ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
const now = sittingOf(rows, Number(values.scale));
console.log(`Node ${now.node}, ${now.machine}\n\n${table(rows)}`);
if (values.json !== undefined) writeSitting(values.json, now);
let isWorse = false;
if (before) {
  const changed = changes(before, now);
  isWorse = changed.some(({ verdict }) => verdict === "WORSE");
  for (const difference of differences(before, now)) console.log(`\nNot the same ${difference}`);
  console.log(`\nCompared with ${values.compare}\n\n${changesTable(changed)}`);
}
process.exit(isWorse ? 1 : 0);

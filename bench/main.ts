/**
 * `npm run bench [-- B3 B4 …] [--rounds N]`: measures the built program and prints one table. Whatever is compared runs in
 * turns in one sitting, and medians are shown; on a machine that does other things, too, believe ratios, not milliseconds.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { BENCHMARKS, SIDE_BY_SIDE } from "./all.ts";
import type { Row } from "./support/benchmark.ts";
import { table } from "./support/table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, scale: { type: "string", default: "1" } },
});
const all = [...BENCHMARKS, ...SIDE_BY_SIDE];
const wanted = new Set(positionals.map((id) => id.toUpperCase()));
const unknown = [...wanted].filter((id) => !all.some((one) => one.id === id));
if (unknown.length > 0) throw new Error(`no such benchmark: ${unknown.join(", ")}`);

const rows: (Row & { id: string })[] = [];
for (const benchmark of all) {
  const { id, title, rounds } = benchmark;
  if (wanted.size > 0 && !wanted.has(id)) continue;
  const began = performance.now();
  const options = { rounds: Number(values.rounds ?? rounds), scale: Number(values.scale) };
  for (const row of await benchmark.run(options)) rows.push({ id, ...row });
  console.error(`${id} ${title}: ${options.rounds} rounds, ${((performance.now() - began) / 1000).toFixed(1)} s`);
}
console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} processors\n`);
console.log(table(rows));
process.exit(0);

import { type Benchmark, type Options, type Row, scaled } from "./support/benchmark.ts";
import { type Dispatched, dispatched, type Load } from "./support/dispatches.ts";
import { canHold } from "./support/half-core.ts";
import { canTell } from "./support/memory.ts";
import { baseline, npmBuild } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { turned } from "./support/start-up.ts";
import { median } from "./support/stats.ts";
import { ms } from "./support/units.ts";

const MOST = 1.6;
/** However slow the machine: reading and acknowledging go first. */
const MOST_ACK_MS = 50;

const LOADS: readonly ((options: Options) => Load)[] = [
  (options) => ({ runs: scaled(128, options, 2), events: 0, apartMs: 0 }),
  (options) => ({ runs: scaled(1_000, options, 2), events: scaled(20, options, 2), apartMs: 0 }),
  (options) => ({ runs: scaled(1_000, options, 2), events: scaled(100, options, 2), apartMs: 10 }),
];

/** Each load with the whole machine, and with the child held to half a core; so are the baseline's. */
export const burst: Benchmark = {
  id: "B14",
  title: "dispatches at once → last terminal event",
  rounds: 3,
  async run(options) {
    const rows: Row[] = [];
    for (const isHeld of canHold ? [false, true] : [false])
      for (const load of LOADS) rows.push(...(await measured(load(options), isHeld, options)));
    return rows;
  },
};

async function measured(load: Load, isHeld: boolean, { rounds }: Options): Promise<Row[]> {
  const { runs, events, apartMs } = load;
  const how = apartMs > 0 ? `one each ${apartMs} ms` : "in one write";
  const what = [`${runs} ${how}`, events > 0 ? `${events} events` : "", isHeld ? "half a core" : ""]
    .filter(Boolean)
    .join(", ");
  const programs = { raw: baseline("raw-dispatcher"), ours: npmBuild("roder") };
  const all = { raw: [] as Dispatched[], ours: [] as Dispatched[] };
  for (let round = 0; round < rounds; round += 1)
    for (const name of turned(["raw", "ours"] as const, round))
      all[name].push(await dispatched(programs[name], load, isHeld));
  const of = (pick: (one: Dispatched) => number) => ({ ours: all.ours.map(pick), base: all.raw.map(pick), show: ms });
  const ack = ratioRow({ what: `${what}: ack p99`, ...of((one) => one.ack) });
  const slowest = median(all.ours.map((one) => one.ack));
  return [
    ratioRow({ what: `${what}: total`, ...of((one) => one.took), most: MOST }),
    ...(canTell ? [ratioRow({ what: `${what}: processor time`, ...of((one) => one.cpu), most: MOST })] : []),
    { ...ack, target: `≤ ${MOST_ACK_MS} ms`, met: slowest <= MOST_ACK_MS },
  ];
}

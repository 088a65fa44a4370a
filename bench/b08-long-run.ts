import { type Benchmark, scaled } from "./support/benchmark.ts";
import { blocks, Cloud, end, PER_BLOCK, pour, textFrame } from "./support/cloud.ts";
import { canTell, NOT_TOLD, residentBytes } from "./support/memory.ts";
import { absentRow, ratioRow } from "./support/rows.ts";
import { type Play, throughCourier, throughRawLoop } from "./support/streams.ts";
import { mib, ms } from "./support/units.ts";

const EVENTS = 1_000_000;
/** The collector reserves memory in either program; ours may not make it reserve more. */
const MOST_GROWTH = 1;
/** The second half may take this much longer than the first and is still called the same. */
const MOST_SLOWER = 1.2;
/** A ratio needs something to divide by. */
const PAGE = 4096;
const TEXT = "a few words ";

export const longRun: Benchmark = {
  id: "B8",
  title: "one run of 1,000,000 events",
  rounds: 3,
  async run(options) {
    const events = scaled(EVENTS, options, 1_000);
    const cloud = await Cloud.start();
    const ours: Played[] = [];
    const raw: Played[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      ours.push(await played(throughCourier, cloud, events));
      raw.push(await played(throughRawLoop, cloud, events));
    }
    await cloud.close();
    const growth = `RSS above that at event ${events / 100}`;
    const of = (pick: (one: Played) => number) => ({ ours: ours.map(pick), base: raw.map(pick) });
    return [
      canTell
        ? ratioRow({ what: growth, ...of(({ grown }) => grown), show: mib, most: MOST_GROWTH })
        : absentRow(growth, NOT_TOLD),
      ratioRow({
        what: "second half against the first",
        ours: ours.map(({ second }) => second),
        base: ours.map(({ first }) => first),
        show: ms,
        most: MOST_SLOWER,
      }),
    ];
  },
};

interface Played {
  /** The reader's memory at its largest above that after the first hundredth, in bytes. */
  grown: number;
  /** Milliseconds that each half took. */
  first: number;
  second: number;
}

async function played(through: typeof throughCourier, cloud: Cloud, events: number): Promise<Played> {
  let [early, most, half, whole] = [0, 0, 0, 0];
  const play: Play = async (stream, run, reader) => {
    const began = performance.now();
    const all = Math.ceil(events / PER_BLOCK);
    const sampleEvery = Math.ceil(all / 100);
    await pour(
      stream,
      blocks(events, (sequence) => textFrame(sequence, TEXT)),
      (written) => {
        if (written === Math.ceil(all / 2)) half = performance.now() - began;
        if (!canTell || written % sampleEvery !== 0) return;
        if (written === sampleEvery) early = residentBytes(reader);
        else most = Math.max(most, residentBytes(reader));
      },
    );
    whole = performance.now() - began;
    end(stream, run, "completed");
  };
  await through(cloud, play, () => undefined);
  return { grown: Math.max(PAGE, most - early), first: half, second: whole - half };
}

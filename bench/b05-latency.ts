import { once } from "node:events";
import { type Benchmark, scaled } from "./support/benchmark.ts";
import { Cloud, end, textFrame } from "./support/cloud.ts";
import { aboveRow } from "./support/rows.ts";
import { percentile } from "./support/stats.ts";
import { type Play, throughCourier, throughRawLoop, type Watch } from "./support/streams.ts";
import { ms } from "./support/units.ts";

const MOST_MS = 2;
const EVENTS = 5_000;
/** The first second of either program runs code that is not compiled yet; it is played and not counted. */
const WARM_UP = 1_000;

export const latency: Benchmark = {
  id: "B5",
  title: "one event at 1,000 a second, SSE byte → stdout byte",
  rounds: 5,
  async run(options) {
    const warmUp = scaled(WARM_UP, options);
    const events = warmUp + scaled(EVENTS, options);
    const cloud = await Cloud.start();
    const ours: Delays[] = [];
    const raw: Delays[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      ours.push(await delays((play, watch) => throughCourier(cloud, play, watch), events, warmUp));
      raw.push(await delays((play, watch) => throughRawLoop(cloud, play, watch), events, warmUp));
    }
    await cloud.close();
    const [p50, p99] = [({ p50 }: Delays) => p50, ({ p99 }: Delays) => p99];
    return [
      aboveRow({ what: "p99", ours: ours.map(p99), base: raw.map(p99), show: ms, most: MOST_MS }),
      aboveRow({ what: "p50", ours: ours.map(p50), base: raw.map(p50), show: ms }),
    ];
  },
};

interface Delays {
  p50: number;
  p99: number;
}

async function delays(
  run: (play: Play, watch: Watch) => Promise<unknown>,
  events: number,
  warmUp: number,
): Promise<Delays> {
  const sentAt: number[] = [];
  const seenAt: number[] = [];
  const play: Play = async (stream, current) => {
    const began = performance.now();
    for (let sequence = 1; sequence <= events; ) {
      // Timers are late; what is due by now goes out now, one write an event.
      for (; sequence <= events && began + sequence <= performance.now(); sequence += 1) {
        sentAt[sequence] = performance.now();
        if (!stream.write(textFrame(sequence, `<${sequence}>`))) await once(stream, "drain");
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    end(stream, current, "completed");
  };
  await run(play, (line) => {
    const at = performance.now();
    const text = line.toString("latin1");
    if (!text.includes('"text_delta"')) return;
    for (const [, number] of text.matchAll(/<(\d+)>/g)) seenAt[Number(number)] = at; // texts that arrive together are sent together
  });
  const all = Array.from(
    { length: events - warmUp },
    (_, at) => (seenAt[warmUp + at + 1] ?? Number.NaN) - (sentAt[warmUp + at + 1] ?? 0),
  );
  if (all.some(Number.isNaN)) throw new Error("an event did not arrive");
  return { p50: percentile(all, 0.5), p99: percentile(all, 0.99) };
}

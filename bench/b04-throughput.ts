import { type Benchmark, type Row, scaled, times } from "./support/benchmark.ts";
import { blocks, Cloud, end, pour } from "./support/cloud.ts";
import { canTell } from "./support/memory.ts";
import { median } from "./support/stats.ts";
import { type Play, type Spent, throughCourier, throughRawLoop, type Watch } from "./support/streams.ts";

const LEAST = 0.8;
const EVENTS = 200_000;
const TEXT = "some words of an answer, as long as models send them ";

export const throughput: Benchmark = {
  id: "B4",
  title: "events of one run, consumed and forwarded",
  rounds: 7,
  async run(options) {
    const events = scaled(EVENTS, options);
    const cloud = await Cloud.start();
    const all = [...blocks(events, TEXT)]; // made ahead, so that the service costs next to nothing
    const play: Play = async (stream, run) => {
      await pour(stream, all);
      end(stream, run, "completed");
    };
    const ours: Spent[] = [];
    const raw: Spent[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      ours.push(await counted((watch) => throughCourier(cloud, play, watch), events));
      raw.push(await counted((watch) => throughRawLoop(cloud, play, watch), events));
    }
    await cloud.close();
    const rate = (all: readonly Spent[]) => events / median(all.map(({ took }) => took));
    const cost = (all: readonly Spent[]) => (median(all.map(({ cpu }) => cpu)) / events) * 1000;
    const [ratio, costs] = [rate(ours) / rate(raw), cost(ours) / cost(raw)];
    const rows: Row[] = [
      {
        what: `${events} text events`,
        measured: `${rate(ours).toFixed(0)} k/s`,
        baseline: `${rate(raw).toFixed(0)} k/s`,
        figure: times(ratio),
        target: `≥ ${LEAST} ×`,
        met: ratio >= LEAST,
      },
    ];
    const cpu = { what: "processor time per event", measured: us(cost(ours)), baseline: us(cost(raw)) };
    if (canTell) rows.push({ ...cpu, figure: times(costs) });
    return rows;
  },
};

const us = (value: number) => `${value.toFixed(1)} µs`;
const DELTA = Buffer.from('"text_delta","content":"');
/** What follows the text in its line. */
const AFTER = '"}}'.length;

/** All of the text has to arrive, in as many pieces as the program likes. Nothing in it is escaped. */
async function counted(run: (watch: Watch) => Promise<Spent>, events: number): Promise<Spent> {
  let seen = 0;
  const spent = await run((line) => {
    const at = line.indexOf(DELTA);
    if (at >= 0) seen += line.length - at - DELTA.length - AFTER;
  });
  const expected = events * TEXT.length;
  if (seen !== expected) throw new Error(`${seen} of ${expected} characters arrived`);
  return spent;
}

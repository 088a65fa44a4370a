import { type Benchmark, perSecond, scaled, times } from "./support/benchmark.ts";
import { Cloud, end, pour } from "./support/cloud.ts";
import { median } from "./support/stats.ts";
import { type Play, throughCourier, throughRawLoop, type Watch } from "./support/streams.ts";

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
    const play: Play = async (stream, run) => {
      await pour(stream, events, TEXT);
      end(stream, run, "completed");
    };
    const ours: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      ours.push(await counted((watch) => throughCourier(cloud, play, watch), events, DELTA));
      raw.push(await counted((watch) => throughRawLoop(cloud, play, watch), events, DELTA));
    }
    await cloud.close();
    const [our, their] = [median(ours), median(raw)];
    const ratio = our / their;
    return [
      {
        what: `${events} text events`,
        measured: perSecond(our),
        baseline: perSecond(their),
        figure: times(ratio),
        target: `≥ ${LEAST} ×`,
        met: ratio >= LEAST,
      },
    ];
  },
};

const DELTA = Buffer.from('"text_delta"');

/** Events per second; all of them have to arrive. */
async function counted(run: (watch: Watch) => Promise<number>, events: number, mark: Buffer): Promise<number> {
  let seen = 0;
  const took = await run((line) => {
    if (line.includes(mark)) seen += 1;
  });
  if (seen !== events) throw new Error(`${seen} of ${events} events arrived`);
  return (events / took) * 1000;
}

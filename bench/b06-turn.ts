import { Agent, request } from "undici";
import type { Benchmark } from "./support/benchmark.ts";
import { Cloud, end, textFrame } from "./support/cloud.ts";
import { Courier } from "./support/courier.ts";
import { npmBuild, withScratch } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { ms } from "./support/units.ts";

const MOST = 4;
/**
 * How late each answer's head is. On loopback a round trip takes a fifth of a millisecond, and a multiple of that would
 * tell how fast code runs that was just loaded, not how often the service is asked.
 */
const ROAD_MS = 40;

/** The service works no time at all: its run is over when the stream opens. */
export const turn: Benchmark = {
  id: "B6",
  title: "courier turn, request → done",
  rounds: 15,
  async run({ rounds }) {
    const cloud = await Cloud.start();
    cloud.roadMs = ROAD_MS;
    cloud.onRun = (run) => {
      void run.stream.then((stream) => {
        stream.write(textFrame(1, "done"));
        end(stream, run, "completed");
      });
    };
    const agent = new Agent();
    const trip = cloud.prepare();
    const first: number[] = [];
    const second: number[] = [];
    const trips: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      trips.push(
        await timed(
          async () => void (await (await request(trip.url.replace("/stream", ""), { dispatcher: agent })).body.text()),
        ),
      );
      await withScratch(async (folder) => {
        const courier = new Courier(npmBuild("courier"), cloud.env(folder));
        await courier.open();
        first.push(await timed(() => courier.run()));
        second.push(await timed(() => courier.run()));
        await courier.child.end();
      });
    }
    await agent.close();
    await cloud.close();
    const inTrips = { base: trips, show: ms, showRatio: (value: number) => `${value.toFixed(2)} trips`, most: MOST };
    return [
      ratioRow({ what: "first turn", ours: first, ...inTrips }),
      ratioRow({ what: "second turn", ours: second, ...inTrips }),
    ];
  },
};

async function timed(run: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

import { type Benchmark, mib, type Row, scaled, times } from "./support/benchmark.ts";
import { blocks, Cloud, end, PER_BLOCK, pour, textFrame } from "./support/cloud.ts";
import { Courier } from "./support/courier.ts";
import { canTell, NOT_TOLD, residentBytes } from "./support/memory.ts";
import { npmBuild, withScratch } from "./support/places.ts";
import { median } from "./support/stats.ts";

const EVENTS = 1_000_000;
const MOST_MIB = 20;
/** The second half may take this much longer than the first and is still called the same. */
const MOST_SLOWER = 1.2;
const TEXT = "a few words ";

export const longRun: Benchmark = {
  id: "B8",
  title: "one run of 1,000,000 events",
  rounds: 1,
  async run(options) {
    const events = scaled(EVENTS, options, 1_000);
    const cloud = await Cloud.start();
    const grown: number[] = [];
    const slower: number[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      await withScratch(async (folder) => {
        const courier = new Courier(npmBuild("courier"), cloud.env(folder));
        const { pid } = courier.child.process;
        let [early, most, half, whole] = [0, 0, 0, 0];
        await courier.open();
        cloud.onRun = async (run) => {
          const stream = await run.stream;
          const began = performance.now();
          const all = Math.ceil(events / PER_BLOCK);
          const sampleEvery = Math.ceil(all / 100);
          await pour(
            stream,
            blocks(events, (sequence) => textFrame(sequence, TEXT)),
            (written) => {
              if (written === Math.ceil(all / 2)) half = performance.now() - began;
              if (!canTell || written % sampleEvery !== 0) return;
              if (written === sampleEvery) early = residentBytes(pid);
              else most = Math.max(most, residentBytes(pid));
            },
          );
          whole = performance.now() - began;
          end(stream, run, "completed");
        };
        await courier.run();
        grown.push(most - early);
        slower.push((whole - half) / half);
        await courier.child.end();
      });
    }
    await cloud.close();
    const [bytes, ratio] = [median(grown), median(slower)];
    const time: Row = {
      what: "second half against the first",
      measured: times(ratio),
      figure: times(ratio),
      target: `≤ ${MOST_SLOWER} ×`,
      met: ratio <= MOST_SLOWER,
    };
    const memory = { what: `RSS above that at event ${events / 100}`, target: `≤ ${MOST_MIB} MiB` };
    if (!canTell) return [{ ...memory, measured: NOT_TOLD, figure: "" }, time];
    return [{ ...memory, measured: mib(bytes), figure: mib(bytes), met: bytes <= MOST_MIB * 1024 * 1024 }, time];
  },
};

import { type Benchmark, ms, type Row, times } from "./support/benchmark.ts";
import { baseline, releaseFile } from "./support/places.ts";
import { compareStarts, type Start } from "./support/start-up.ts";

const MOST = 1.7;
const MOST_EXECUTABLE = 0.8;

/** `BENCH_EXECUTABLE` names a self-contained executable made from the release file; `bench/RESULTS.md` says how. */
export const releaseStart: Benchmark = {
  id: "B2",
  title: "cold start of the release file, spawn → first reply",
  rounds: 40,
  async run({ rounds }) {
    const executable = process.env.BENCH_EXECUTABLE;
    const starts: Record<string, Start> = {
      bare: { command: baseline("bare"), mode: "courier" },
      "release file, courier": { command: releaseFile("courier"), mode: "courier" },
      "release file, roder": { command: releaseFile("roder"), mode: "roder" },
      ...(executable ? { "executable, courier": { command: [executable, "courier"], mode: "courier" } } : {}),
    };
    const { bare = Number.NaN, ...others } = await compareStarts(starts, rounds, "reply");
    return Object.entries(others).map(([what, took]): Row => {
      const ratio = took / bare;
      const most = what.startsWith("executable") ? MOST_EXECUTABLE : MOST;
      return {
        what,
        measured: ms(took),
        baseline: ms(bare),
        figure: times(ratio),
        target: `≤ ${most} ×`,
        met: ratio <= most,
      };
    });
  },
};

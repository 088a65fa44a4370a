import { type Benchmark, ms, times } from "./support/benchmark.ts";
import { baseline, npmBuild } from "./support/places.ts";
import { compareStarts } from "./support/start-up.ts";

const MOST = 1.25;

/** Dispatch starts one for every command and waits for its exit. */
export const oneShot: Benchmark = {
  id: "B3",
  title: "one-shot request, spawn → exit",
  rounds: 40,
  async run({ rounds }) {
    const starts = {
      bare: { command: baseline("bare"), mode: "courier" },
      ours: { command: npmBuild("courier"), mode: "courier" },
    } as const;
    const { bare, ours } = await compareStarts(starts, rounds, "exit");
    const ratio = ours / bare;
    return [
      {
        what: "capabilities",
        measured: ms(ours),
        baseline: ms(bare),
        figure: times(ratio),
        target: `≤ ${MOST} ×`,
        met: ratio <= MOST,
      },
    ];
  },
};

import { FIRST_ASK } from "./support/asks.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { baseline, releaseFile } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { compareStarts, type Start } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

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
      bare: { command: baseline("bare"), asks: [FIRST_ASK.courier] },
      "release file, courier": { command: releaseFile("courier"), asks: [FIRST_ASK.courier] },
      "release file, roder": { command: releaseFile("roder"), asks: [FIRST_ASK.roder] },
      ...(executable ? { "executable, courier": { command: [executable, "courier"], asks: [FIRST_ASK.courier] } } : {}),
    };
    const { bare = [], ...others } = await compareStarts(starts, rounds, "reply");
    return Object.entries(others).map(([what, ours]) =>
      ratioRow({ what, ours, base: bare, show: ms, most: what.startsWith("executable") ? MOST_EXECUTABLE : MOST }),
    );
  },
};

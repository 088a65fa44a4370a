import { FIRST_ASK } from "./support/asks.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { baseline, npmBuild } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { compareStarts } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

const MOST = 1.25;

/** Dispatch starts one for every command and waits for its exit. */
export const oneShot: Benchmark = {
  id: "B3",
  title: "one-shot request, spawn → exit",
  rounds: 40,
  async run({ rounds }) {
    const asks = [FIRST_ASK.courier];
    const starts = {
      bare: { command: baseline("bare"), asks },
      ours: { command: npmBuild("courier"), asks },
    };
    const { bare, ours } = await compareStarts(starts, rounds, "exit");
    return [ratioRow({ what: "capabilities", ours, base: bare, show: ms, most: MOST })];
  },
};

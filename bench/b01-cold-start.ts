import { FIRST_ASK } from "./support/asks.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { baseline, type Mode, npmBuild } from "./support/places.ts";
import { ratioRow } from "./support/rows.ts";
import { compareStarts } from "./support/start-up.ts";
import { ms } from "./support/units.ts";

const MOST = 1.25;

export const coldStart: Benchmark = {
  id: "B1",
  title: "cold start of the npm build, spawn → first reply",
  rounds: 40,
  async run({ rounds }) {
    const ours = (mode: Mode) => ({ command: npmBuild(mode), asks: [FIRST_ASK[mode]] });
    const took = await compareStarts(
      {
        bare: { command: baseline("bare"), asks: [FIRST_ASK.courier] },
        courier: ours("courier"),
        roder: ours("roder"),
        mcp: ours("mcp"),
        acp: ours("acp"),
        "mcp, probed": { command: npmBuild("mcp"), asks: [FIRST_ASK["mcp, probed"]] },
      },
      rounds,
      "reply",
    );
    return (["courier", "roder", "mcp", "mcp, probed", "acp"] as const).map((mode) =>
      ratioRow({ what: `first reply, ${mode}`, ours: took[mode], base: took.bare, show: ms, most: MOST }),
    );
  },
};

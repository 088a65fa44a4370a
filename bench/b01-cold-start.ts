import { type Benchmark, ms, type Row, times } from "./support/benchmark.ts";
import { baseline, npmBuild } from "./support/places.ts";
import { compareStarts } from "./support/start-up.ts";

const MOST = 1.25;

export const coldStart: Benchmark = {
  id: "B1",
  title: "cold start of the npm build, spawn → first reply",
  rounds: 40,
  async run({ rounds }) {
    const took = await compareStarts(
      {
        bare: { command: baseline("bare"), mode: "courier" },
        courier: { command: npmBuild("courier"), mode: "courier" },
        roder: { command: npmBuild("roder"), mode: "roder" },
        mcp: { command: npmBuild("mcp"), mode: "mcp" },
        acp: { command: npmBuild("acp"), mode: "acp" },
        "mcp, probed": { command: npmBuild("mcp"), mode: "mcp, probed" },
      },
      rounds,
      "reply",
    );
    return (["courier", "roder", "mcp", "mcp, probed", "acp"] as const).map((mode): Row => {
      const ratio = took[mode] / took.bare;
      const [measured, bare] = [ms(took[mode]), ms(took.bare)];
      return {
        what: `first reply, ${mode}`,
        measured,
        baseline: bare,
        figure: times(ratio),
        target: `≤ ${MOST} ×`,
        met: ratio <= MOST,
      };
    });
  },
};

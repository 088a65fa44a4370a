/** A calm world for one test: everything works at once, except what the test says. */
import type { FaultRule } from "../../../src/local/index.ts";
import { type SimulationResult, simulatePlan } from "../../sim/simulate.ts";
import type { PlannedRun, SimulationPlan } from "../../sim/simulation-plan.ts";

type Changes = Omit<Partial<SimulationPlan>, "runs" | "faults" | "network"> & {
  network?: Partial<SimulationPlan["network"]>;
};

export function aRun(changes: Partial<PlannedRun> = {}): PlannedRun {
  return {
    atMs: 0,
    script: [{ text: "answer" }],
    target: { kind: "deployment" },
    timeoutMs: 600_000,
    onApproval: "wait",
    consumer: {},
    stops: [],
    ...changes,
  };
}

/** The plan of such a world. */
export function aWorld(runs: PlannedRun[], rules: FaultRule[] = [], changes: Changes = {}): SimulationPlan {
  return {
    seed: 1,
    runs,
    faults: { seed: 1, rules },
    service: { deployMs: 0, startMs: 0, firstSequence: 1, keepAliveMs: 15_000 },
    ...changes,
    network: { seed: 1, latencyMs: 10, refused: 0, lost: 0, cut: 0, shred: false, ...changes.network },
  };
}

/** Lives `runs` through while `rules` go wrong. */
export function lived(runs: PlannedRun[], rules: FaultRule[] = [], changes: Changes = {}): Promise<SimulationResult> {
  return simulatePlan(aWorld(runs, rules, changes));
}

/** A calm world for one test: everything works at once, except what the test says. */
import type { FaultRule } from "../../../src/local/index.ts";
import { type Lived, live } from "../../sim/simulate.ts";
import type { Plan, RunPlan } from "../../sim/simulation-plan.ts";

type Changes = Omit<Partial<Plan>, "runs" | "faults" | "road"> & { road?: Partial<Plan["road"]> };

export function aRun(changes: Partial<RunPlan> = {}): RunPlan {
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

/** Lives `runs` through while `rules` go wrong. */
export function lived(runs: RunPlan[], rules: FaultRule[] = [], changes: Changes = {}): Promise<Lived> {
  return live({
    seed: 1,
    runs,
    faults: { seed: 1, rules },
    service: { deployMs: 0, startMs: 0, firstSequence: 1, keepAliveMs: 15_000 },
    ...changes,
    road: { seed: 1, latencyMs: 10, refused: 0, lost: 0, cut: 0, shred: false, ...changes.road },
  });
}

/** A plan: everything that is going to happen in one simulated environment, as plain JSON. */
import type { FaultPlan } from "../../src/local/index.ts";
import type { StopCause } from "../../src/support/abort.ts";
import type { NetworkPlan } from "./simulated-transport.ts";

/** How the host takes events. All times in milliseconds. */
export interface ConsumerPlan {
  /** Time for each event. */
  everyMs?: number;
  /** Reads nothing for a while, after so many events. */
  pause?: { after: number; ms: number };
  /** Reads nothing any more, after so many events. */
  stallAfter?: number;
  /** Breaks (a closed pipe), after so many events. */
  breakAfter?: number;
}

/** When something is done to a run: so long after it was asked for, or after it first showed a phase. */
export interface StopTime {
  phase?: string;
  ms: number;
}

export interface PlannedRun {
  /** After the beginning of the environment. */
  atMs: number;
  /** Steps of the built-in agent. */
  script: object[];
  target:
    | { kind: "deployment" }
    /** `known`: what an earlier turn remembers, a deployment that lives or one that is gone. */
    | { kind: "workload"; name: string; known?: "live" | "gone" };
  timeoutMs: number;
  onApproval: "wait" | "return";
  detach?: boolean;
  /** Attach to the run of an earlier entry of the plan, when it has one. */
  attachTo?: number;
  owned?: boolean;
  conversation?: string;
  consumer: ConsumerPlan;
  stops: (StopTime & { by: StopCause })[];
}

export interface SimulationPlan {
  seed: number;
  runs: PlannedRun[];
  faults: FaultPlan;
  network: NetworkPlan;
  service: { deployMs: number; startMs: number; firstSequence: 0 | 1; keepAliveMs: number };
  /** A person decides every approval so long after it is asked for; absent: nobody ever does. */
  person?: { afterMs: number; decision: "approve" | "reject" };
  /** The host goes away: everything is cancelled, with so much time. */
  drain?: { atMs: number; budgetMs: number };
  /** The process dies without a word, and another one starts. */
  crash?: { atMs: number; restartMs: number };
}

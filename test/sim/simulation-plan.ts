/** A plan as plain JSON: everything that happens in one simulated environment. All times are in milliseconds. */
import type { Limits } from "../../src/core/index.ts";
import type { FaultPlan, LocalCloudOptions } from "../../src/local/index.ts";
import type { StopCause } from "../../src/support/abort.ts";
import type { NetworkPlan } from "./simulated-transport.ts";

/** How the host reads events. */
export interface ConsumerPlan {
  /** Time the host takes for each event. */
  everyMs?: number;
  /** Stops reading for `ms` after this many events. */
  pause?: { after: number; ms: number };
  /** Stops reading for good after this many events. */
  stallAfter?: number;
  /** Fails with EPIPE after this many events. */
  breakAfter?: number;
}

/** When a run is stopped: this long after its request, or after it first reported the phase. */
export interface StopTime {
  phase?: string;
  ms: number;
}

export interface PlannedRun {
  /** Time of the request, from the beginning of the simulation. */
  atMs: number;
  /** Steps of the built-in agent. */
  script: object[];
  target:
    | { kind: "deployment" }
    /** `known`: whether the deployment that an earlier turn remembered exists or is gone. */
    | { kind: "workload"; name: string; known?: "live" | "gone" };
  timeoutMs: number;
  onApproval: "wait" | "return";
  detach?: boolean;
  /** Index of the planned run to attach to, if that one has started. */
  attachTo?: number;
  owned?: boolean;
  conversation?: string;
  /** Index of the planned run whose conversation this one goes on with, if that one has started. */
  replyTo?: number;
  consumer: ConsumerPlan;
  stops: (StopTime & { by: StopCause })[];
}

export interface SimulationPlan {
  seed: number;
  runs: PlannedRun[];
  faults: FaultPlan;
  network: NetworkPlan;
  service: {
    deployMs: number;
    startMs: number;
    firstSequence: 0 | 1;
    keepAliveMs: number;
    refusedDecisions?: LocalCloudOptions["refusedDecisions"];
  };
  /** A person decides each approval after this time. Absent: approvals are never decided. */
  person?: {
    afterMs: number;
    decision: "approve" | "reject";
    /** The decision is sent by so many processes of ours at once. Absent: by something else, which always succeeds. */
    processes?: 1 | 2;
  };
  /** What a person allows runs to cost. Absent: anything. */
  limits?: Limits;
  /** Shuts the process down, with this much time to cancel everything. */
  drain?: { atMs: number; budgetMs: number };
  /** Kills the process, and starts another one later. */
  crash?: { atMs: number; restartMs: number };
}

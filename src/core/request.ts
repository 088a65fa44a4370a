/** What a host asks for, in neutral words. */
import type { NewDeployment } from "../seren/index.ts";

/** How to find the deployment a run goes to. */
export type Target =
  /** A deployment somebody named; it is used or the request fails, nothing is created in its place. */
  | { kind: "deployment"; deploymentId: string; named: string }
  /**
   * A workload of ours: `knownId` (from an earlier turn) is used while it lives, else a live deployment of this `name`,
   * else one is created from `create`, which is asked for only then.
   */
  | { kind: "workload"; name: string; knownId?: string; create: () => NewDeployment | Promise<NewDeployment> };

export interface RunRequest {
  target: Target;
  /** Text for the agent. Absent for a heartbeat tick without payload. */
  message?: string;
  /** Conversation the run belongs to, so that the agent remembers earlier turns. */
  conversationId?: string;
  operation?: "chat" | "job" | "heartbeat";
  /** Free-form extras, passed to the runtime as they are. */
  inputs?: unknown;
  /**
   * Follow this run instead of starting one. It was started by somebody else's wish, so stopping us stops the following
   * and leaves the run alone.
   */
  attachTo?: string;
  /** With `attachTo`: the run is the caller's own after all (an earlier turn started it), so stopping us stops it. */
  owned?: boolean;
  /** What to do when the run waits for a person: go on waiting until the deadline, or end the request at once. */
  onApproval: "wait" | "return";
  /** Leave the run alone once its id has been told: stopping us then stops the following and not the run. */
  detach?: boolean;
}

export const DEFAULT_TIMEOUT_MS = 1_800_000;
/** Longest deadline a request can ask for; a host may send u64 seconds. */
export const MAX_TIMEOUT_MS = 24 * 60 * 60 * 1000;

export interface RunLimits {
  /** Aborting it cancels the remote run. The reason should be a `Stopped`. */
  signal: AbortSignal;
  /** Milliseconds since the epoch after which the run is cancelled and what was produced is returned. */
  deadline: number;
}

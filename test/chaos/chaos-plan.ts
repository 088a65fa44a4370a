/** A plan as plain JSON: everything that happens between one host, the built program and one faulty service. */
import type { FaultPlan } from "../../src/local/index.ts";
import type { OddKind } from "./odd-hosts.ts";

export type RoderVia = "dispatch" | "task" | "tool";
export type CourierVia = "chat" | "job" | "heartbeat";

interface CommonRequest {
  /** When the request is sent: from the beginning of the plan, or for a Dispatch turn from the end of the previous one. */
  atMs: number;
  /** Steps of the built-in agent. */
  script: object[];
  /** Whether the script emits secrets, so that its text cannot be compared. */
  canary: boolean;
}

export interface RoderRequest extends CommonRequest {
  via: RoderVia;
  timeoutSeconds: number;
  /** Times of cancel requests, from the request on. 0 sends it in the same write, before the acknowledgement. */
  cancelMs: number[];
  /** Whether the host sends the request twice. */
  twice: boolean;
  /** Whether the task has `wait: false`. */
  detach: boolean;
}

export interface CourierRequest extends CommonRequest {
  via: CourierVia;
  /** Whether the host continues with the old session instead of the returned one. */
  stale: boolean;
}

export type Ending = "eof" | "SIGTERM" | "SIGINT" | "shutdown" | "stdout";

interface CommonPlan {
  seed: number;
  faults: FaultPlan;
  service: { deployMs: number; startMs: number; firstSequence: 0 | 1; retryMs: number };
  /** Number of invalid lines between requests. */
  invalidLines: number;
  /** The host stops reading for `forMs`, repeatedly. */
  reader?: { everyMs: number; forMs: number };
  /** How and when the host leaves. Such a plan has a child of its own. */
  ending?: { how: Ending; afterMs: number };
  /** A person decides each approval after this time. */
  person: { afterMs: number; decision: "approve" | "reject" };
}

export interface RoderPlan extends CommonPlan {
  host: "roder";
  /** Where runs go: to the general agent, which the program deploys itself (always for a dispatch), or to a named deployment. */
  target: "agent" | "deployment";
  requests: RoderRequest[];
}

export interface CourierPlan extends CommonPlan {
  host: "courier";
  parcel: string;
  requests: CourierRequest[];
}

/** A host that asks and is asked. What it does follows from its seed (`odd-hosts.ts`). */
export interface OddPlan {
  host: OddKind;
  seed: number;
}

/** A plan that says what the service does, too. */
export type ServedPlan = RoderPlan | CourierPlan;
export type ChaosPlan = ServedPlan | OddPlan;

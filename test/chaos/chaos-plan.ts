/** A plan: everything that happens between one host, the built program and one faulty service, as plain JSON. */
import type { FaultPlan } from "../../src/local/index.ts";

export type RoderVia = "dispatch" | "task" | "tool";
export type CourierVia = "chat" | "job" | "heartbeat";

interface CommonRequest {
  /** Sent so long after the plan began; a Dispatch turn is sent when the one before it has ended. */
  atMs: number;
  /** Steps of the built-in agent. */
  script: object[];
  /** The script says secrets, so its text cannot be compared. */
  canary: boolean;
}

export interface RoderRequest extends CommonRequest {
  via: RoderVia;
  timeoutSeconds: number;
  /** Times of cancel requests after the request; 0 is in the same write, before the acknowledgement can be read. */
  cancelMs: number[];
  /** The host sends the request twice. */
  twice: boolean;
  /** A task with `wait: false`: started and left alone. */
  detach: boolean;
}

export interface CourierRequest extends CommonRequest {
  via: CourierVia;
  /** The host goes on with the session as it was, instead of with the one it got back. */
  stale: boolean;
}

export type Ending = "eof" | "SIGTERM" | "SIGINT" | "shutdown" | "stdout";

interface CommonPlan {
  seed: number;
  faults: FaultPlan;
  service: { deployMs: number; startMs: number; firstSequence: 0 | 1; retryMs: number };
  /** Lines of rubbish between the requests. */
  invalidLines: number;
  /** The host reads nothing for `forMs`, again and again. */
  reader?: { everyMs: number; forMs: number };
  /** The host goes away in the middle. Such a plan has a child of its own. */
  ending?: { how: Ending; afterMs: number };
  /** A person decides every approval so long after it is asked for. */
  person: { afterMs: number; decision: "approve" | "reject" };
}

export interface RoderPlan extends CommonPlan {
  host: "roder";
  /** Where runs go: the general agent, which the program deploys itself (the only place for a dispatch), or a deployment that is named. */
  target: "agent" | "deployment";
  requests: RoderRequest[];
}

export interface CourierPlan extends CommonPlan {
  host: "courier";
  parcel: string;
  requests: CourierRequest[];
}

export type ChaosPlan = RoderPlan | CourierPlan;

/**
 * The neutral vocabulary of a run: what happens while it is followed and how it ends. Wire spelling stops here: `seren/`
 * translates into it, each adapter translates out of it.
 */

import type { Hint } from "../support/failure.ts";

/** Where a run is. `queued` and later say that a remote run exists. */
export type Phase =
  | "resolving"
  | "deploying"
  | "submitting"
  | "queued"
  | "running"
  | "awaiting_approval"
  | "reconnecting"
  | "cancelling"
  | "reconciling";

/** Names a remote run. */
export interface RunRef {
  runId: string;
  deploymentId: string;
  /** Page of the service where a person can look at the run, when the service names one. */
  url?: string;
}

export interface Approval {
  id: string;
  tool: string;
  reason?: string;
}

export interface Artifact {
  id: string;
  kind: string;
  title?: string;
  /** May be short-lived or foreign; never fetched with our key. */
  uri?: string;
  sha256?: string;
  sizeBytes?: number;
  /** What the service keeps of it itself: any JSON. */
  payload?: unknown;
}

/** Tokens and money, as the run record states them. Costs are decimal strings in US dollars. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  computeUsd?: string;
  inferenceUsd?: string;
  durationMs?: number;
}

export type ExecutionEvent =
  /** `run` is set from the moment the remote run is known. `detail` is a short human phrase, without ids. */
  | { type: "status"; phase: Phase; detail?: string; run?: RunRef }
  /** A piece of the answer, to be appended. */
  | { type: "text"; text: string }
  | { type: "thinking"; text: string }
  /** `arguments` is usually JSON text, but may be anything the model wrote. */
  | { type: "tool_call"; id: string; name: string; arguments: string }
  | { type: "tool_result"; id: string; name: string; content: string; isError: boolean }
  | { type: "approval_wait"; approvals: Approval[]; reason?: string }
  | { type: "artifact"; artifact: Artifact }
  | { type: "usage"; usage: Usage }
  /** Something a person should know that is neither answer nor state. */
  | { type: "notice"; level: "info" | "warning"; message: string; hint?: Hint };

export type OutcomeKind = "completed" | "failed" | "cancelled" | "timed_out" | "blocked" | "awaiting_approval";

/** How a run ended, from the remote record. */
export interface Outcome {
  kind: OutcomeKind;
  /** Absent only when the service finished the run within the create call and keeps no record of it. */
  run?: RunRef;
  /** The whole answer; partial when the run did not complete. */
  text: string;
  /** Present unless the run completed. `message` is fit to be shown; `code` is the service's typed reason. */
  error?: { message: string; code?: string; retryable?: boolean; hint?: Hint };
  usage?: Usage;
  artifacts: Artifact[];
  /** What a person has to decide, with `awaiting_approval`. */
  approvals: Approval[];
  checkpointId?: string;
  /** Why the service says the run stopped, e.g. an iteration limit. */
  stopReason?: string;
  /** Set when we asked the run to stop: by whom. The kind still says what really happened. */
  stoppedBy?: "host" | "deadline" | "shutdown" | "person";
}

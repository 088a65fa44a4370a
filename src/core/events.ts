/**
 * The vocabulary of a run for every host: what happens while it is followed, and how it ends. `seren/mapping/` reads the
 * wire, `run/` makes these events and outcomes from what it read, and each adapter translates them for its host.
 */

import type { Hint } from "../support/failure.ts";
import type { Cut } from "./run/cut-answer.ts";

/** Where a request is. A remote run exists from `queued` on. */
export type Phase =
  | "resolving"
  | "deploying"
  | "submitting"
  | "queued"
  | "running"
  | "awaiting_approval"
  | "reconnecting"
  | "cancelling"
  /** The run has ended, and what is missing of it is being read. Reported only where that takes a noticeable time. */
  | "reconciling";

/** Identifies a remote run. */
export interface RunRef {
  runId: string;
  deploymentId: string;
  /** Page on which a person can look at the run. Absent when the service names none. */
  url?: string;
  /** Conversation the run is a turn of: another run with it goes on where this one ended. Absent when it is not known. */
  conversationId?: string;
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
  /** May expire, and may lead to another service. Never fetched with our key. */
  uri?: string;
  sha256?: string;
  sizeBytes?: number;
  /** Content that the service keeps itself: any JSON value. */
  payload?: unknown;
}

/** Tokens, costs (decimal strings in US dollars) and run time (milliseconds), as the run record states them. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  computeUsd?: string;
  inferenceUsd?: string;
  durationMs?: number;
}

export type ExecutionEvent =
  /** `run` is set once the remote run is known. `detail` is a short phrase for people, without ids. */
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
  /** Something a person should know that is neither part of the answer nor a state. */
  | { type: "notice"; level: "info" | "warning"; message: string; hint?: Hint };

/** `code` of an error that a limit of cost is the reason of. */
export const SPENDING_LIMIT = "spending_limit";

export type OutcomeKind = "completed" | "failed" | "cancelled" | "timed_out" | "blocked" | "awaiting_approval";

/** How a run ended, according to the remote record. */
export interface Outcome {
  kind: OutcomeKind;
  /** Absent only for a run that the service finished within the create call and keeps no record of. */
  run?: RunRef;
  /** The whole answer, at most 1,048,576 characters of it. Partial when the run did not complete. */
  text: string;
  /**
   * Present unless the run completed or waits for an approval. `message` can be shown; `code` is the service's reason;
   * `hintRunId` is the run that the hint is about.
   */
  error?: { message: string; code?: string; retryable?: boolean; hint?: Hint; hintRunId?: string };
  usage?: Usage;
  artifacts: Artifact[];
  /** What a person has to decide, with `awaiting_approval`. */
  approvals: Approval[];
  checkpointId?: string;
  /** Reason for the stop according to the service, e.g. an iteration limit. */
  stopReason?: string;
  /** Set when the run completed and its answer is not whole, and, as "log", when any run said more than could be read of it. */
  cut?: Cut;
  /** True when the answer is longer than `text`. Events have brought all of it. */
  shortened?: true;
  /** True when the run was not seen to end: it may still be going. */
  open?: true;
  /**
   * Who asked for the stop, when we asked for one. `kind` still says what happened, except that a cancel which nobody asked for is
   * `timed_out` (a deadline) or `failed` (a limit of cost).
   */
  stoppedBy?: "host" | "deadline" | "shutdown" | "person" | "limit";
}

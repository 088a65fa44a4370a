/** What a run consists of, besides its events. */

/** A status and when it began, in milliseconds since the epoch. */
export interface StatusChange {
  readonly at: number;
  readonly status: string;
  readonly message?: string | undefined;
  /** Why the run ended; set by an end only. */
  readonly stopReason?: string | undefined;
}

export interface PendingApproval {
  readonly id: string;
  readonly tool: string;
  readonly args: unknown;
  readonly function_call_id: string;
  readonly reason: string | null;
}

/** Decisions by approval id. */
export type Decisions = ReadonlyMap<string, "approve" | "reject">;

export interface ArtifactRow {
  readonly id: string;
  readonly at: number;
  readonly type: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly payload: unknown;
}

export interface UsageFigures {
  input_tokens?: number | undefined;
  output_tokens?: number | undefined;
  compute_usd?: string | undefined;
  inference_usd?: string | undefined;
}

/** Who started a run. */
export type RunSource = "api" | "scheduler";

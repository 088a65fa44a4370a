/** What a batch keeps on disk beside its results, so that it can be gone on with after anything. */
import type { BatchNotes, RowStates } from "../../../core/index.ts";
import type { Row } from "./batch-result.ts";
import type { BatchResult } from "./batch-result-schema.ts";

/** Everything that decides what is run; it is kept, so that going on needs nothing but the path. */
export interface BatchPlan {
  /** A deployment that a person named; absent for the general agent. */
  deployment?: { deploymentId: string; named: string } | undefined;
  /** Model of the general agent. */
  model?: string | undefined;
  /** Time limit of each run, in milliseconds. */
  timeoutMs: number;
  onApproval: "wait" | "return";
  /** Folder for the artifacts. */
  saveTo?: string | undefined;
  rows: readonly { input: Row; prompt: string }[];
}

export interface BatchFolder extends BatchNotes<BatchResult> {
  readonly plan: BatchPlan;
  /** What an earlier process has done. */
  readonly states: RowStates;
  /** Results that an earlier process has noted. */
  readonly earlier: readonly Pick<BatchResult, "outcome" | "usage">[];
  /** All rows have their result: writes what is left of the results, and removes the folder. */
  finish(): Promise<void>;
  /** Lets another process go on with it. Never rejects. */
  close(): Promise<void>;
}

export interface BatchFolders {
  /** Begins a batch whose results go to `path`, where nothing may be yet. Rejects with `invalid_input` or `conflict`. */
  create(path: string, plan: BatchPlan): Promise<BatchFolder>;
  /** Goes on with the batch whose results go to `path`. Rejects with `not_found` where there is none, and with `conflict` while another process works on it. */
  open(path: string): Promise<BatchFolder>;
}

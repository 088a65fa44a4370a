/** Where the service keeps its state beyond the process. Without a store all is in memory. */
import type { Deployment } from "./deployments.ts";
import type { LogEntry } from "./event-log.ts";
import type { ArtifactRow, Run, StatusChange, UsageFigures } from "./run.ts";

export interface StoredBundle {
  id: string;
  sha256: string;
  sizeBytes: number;
  createdAt: number;
  uploadedAt: number;
}

export interface StoredRun {
  id: string;
  deploymentId: string;
  payload: Readonly<Record<string, unknown>>;
  createdAt: number;
  startedAt: number | undefined;
  /** After the first, which is `queued` at `createdAt`. */
  history: StatusChange[];
  entries: LogEntry[];
  artifacts: ArtifactRow[];
  stopReason: string | undefined;
  output: string | undefined;
  usage: UsageFigures;
}

export interface StoredDeployment {
  deployment: Deployment;
  /** Deleted ones are kept for as long as a run of theirs is. */
  deleted: boolean;
}

export interface StoredState {
  deployments: StoredDeployment[];
  bundles: StoredBundle[];
  /** Oldest first. */
  runs: StoredRun[];
}

/** What is noted of a run while it goes on. Each call is on disk when it returns. */
export interface RunWriter {
  event(entry: LogEntry): void;
  /** The run has a new status; its output and figures so far are noted with it. */
  statusChange(run: Run): void;
  artifact(row: ArtifactRow): void;
}

/** Nothing here throws after `load`: a store that can no longer write says so once, by its own means. */
export interface CloudStore {
  load(): StoredState;
  deployment(kept: StoredDeployment): void;
  bundle(bundle: StoredBundle): void;
  /** A run has been created, or goes on being noted after a start. */
  runWriter(run: Run): RunWriter;
  /** The run is no longer wanted. */
  forget(run: Run): void;
}

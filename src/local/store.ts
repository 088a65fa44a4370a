/** Where the service keeps its state beyond the process. Without a store all is in memory. */
import type { Deployment } from "./deployments.ts";
import type { LogEntry } from "./run-log.ts";
import type { ArtifactRow, Moment, Run, UsageFigures } from "./runs.ts";

export interface KeptBundle {
  id: string;
  sha256: string;
  sizeBytes: number;
  createdAt: number;
  uploadedAt: number;
}

export interface KeptRun {
  id: string;
  deploymentId: string;
  payload: Readonly<Record<string, unknown>>;
  createdAt: number;
  startedAt: number | undefined;
  /** After the first, which is `queued` at `createdAt`. */
  history: Moment[];
  entries: LogEntry[];
  artifacts: ArtifactRow[];
  stopReason: string | undefined;
  output: string | undefined;
  usage: UsageFigures;
}

export interface KeptDeployment {
  deployment: Deployment;
  /** Deleted ones are kept for as long as a run of theirs is. */
  deleted: boolean;
}

export interface Kept {
  deployments: KeptDeployment[];
  bundles: KeptBundle[];
  /** Oldest first. */
  runs: KeptRun[];
}

/** What is noted of a run while it goes on. Each call is on disk when it returns. */
export interface RunNotes {
  event(entry: LogEntry): void;
  /** The run has a new status; its output and figures so far are noted with it. */
  moment(run: Run): void;
  artifact(row: ArtifactRow): void;
}

/** Nothing here throws after `load`: a store that can no longer write says so once, by its own means. */
export interface CloudStore {
  load(): Kept;
  deployment(kept: KeptDeployment): void;
  bundle(bundle: KeptBundle): void;
  /** A run has been created, or goes on being noted after a start. */
  notesOf(run: Run): RunNotes;
  /** The run is no longer wanted. */
  forget(run: Run): void;
}

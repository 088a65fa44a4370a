/** The store that keeps the service's state beyond the process, as the model sees it. Without one, state is in memory. */
import type { Deployment } from "./deployments.ts";
import type { LogEntry } from "./event-log.ts";
import type { Run, RunWriter } from "./run.ts";
import type { ArtifactRow, RunSource, StatusChange, UsageFigures } from "./run-data.ts";

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
  source: RunSource;
  startedAt: number | undefined;
  /** Without the first change, which is to `queued` at `createdAt`. */
  history: StatusChange[];
  entries: LogEntry[];
  artifacts: ArtifactRow[];
  output: string | undefined;
  usage: UsageFigures;
}

export interface StoredDeployment {
  deployment: Deployment;
  /** A deleted deployment is kept for as long as one of its runs is. */
  deleted: boolean;
}

export interface StoredState {
  deployments: StoredDeployment[];
  bundles: StoredBundle[];
  /** Oldest first. */
  runs: StoredRun[];
}

/** No method throws, apart from `load`: a store that can no longer write reports it once, by its own means. */
export interface CloudStore {
  load(): StoredState;
  saveDeployment(stored: StoredDeployment): void;
  saveBundle(bundle: StoredBundle): void;
  /** Opens the record of a run, which may exist already. */
  runWriter(run: Run): RunWriter;
  deleteRun(run: Run): void;
}

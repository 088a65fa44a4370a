/** Everything the extension needs from the rest of the program, so that a test can build one without I/O. */
import type { SubagentDefinition } from "#protocols/roder-extension";
import type { Outcome, RunDirectory, RunRegistry, SavedArtifact, Target } from "../../core/index.ts";
import type { AgentChoice } from "../../model-tools/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { ManifestOnDisk } from "./manifest/manifest.ts";

/** The part of the core's directory that the tools use: any run of the organization, by its id. */
export type Runs = Pick<RunDirectory, "status" | "cancel">;

export interface RoderOptions {
  registry: RunRegistry;
  ambient: Ambient;
  log: Log;
  /** What was read from disk, or why that failed; the failure is then the reply to `extension/initialize`. */
  manifest: ManifestOnDisk | ExecutionFailure;
  /** Returns what a run goes to. Does no I/O; may throw an `ExecutionFailure`. */
  target(choice: AgentChoice): Target;
  /** Returns the agents on offer from memory, the default one first. */
  definitions(): readonly SubagentDefinition[];
  runs: Runs;
  /** Saves into a subfolder of `folder` that is named by the run. Never rejects. Default: none are saved. */
  saveArtifacts?(outcome: Outcome, folder: string, signal: AbortSignal): Promise<SavedArtifact[]>;
  /**
   * Called when no request came within 30 s of the start or of `extension/initialize`. That is how Roder rejects an
   * extension: it neither kills the process nor closes its stdin. The caller ends the connection. Default: nothing happens.
   */
  onHandshakeTimeout?(): void;
  /** Called after the first reply, to load what a run will need. Default: nothing happens. */
  warmUp?(): void;
}

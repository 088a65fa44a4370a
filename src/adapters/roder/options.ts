/** What the extension is made of: everything it needs comes in here, so that a test can build one without any I/O. */
import type { SubagentDefinition } from "#protocols/roder-extension";
import type { RunDirectory, RunRegistry, Target } from "../../core/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { ManifestOnDisk } from "./manifest/manifest.ts";

/** Whom a request names. Neither: the default agent. Never both. */
export interface AgentChoice {
  /** An `agent_type` of one of the definitions. */
  agent?: string;
  deploymentId?: string;
}

/** The part of the core's directory that the tools use: runs by their remote id, whoever started them. */
export type Runs = Pick<RunDirectory, "status" | "cancel">;

export interface RoderOptions {
  registry: RunRegistry;
  ambient: Ambient;
  log: Log;
  /** What was read from disk, or why that failed; the failure is the answer to `extension/initialize`. */
  manifest: ManifestOnDisk | ExecutionFailure;
  /** Where a run goes. Pure: no I/O. May throw an `ExecutionFailure`. */
  target(choice: AgentChoice): Target;
  /** The agents on offer, from memory, the default one first. */
  definitions(): readonly SubagentDefinition[];
  runs: Runs;
  /**
   * Called when the host never says hello, or falls silent after it, which is how Roder refuses an extension: it neither
   * kills the process nor closes its stdin. The caller ends the wire. Default: nothing happens.
   */
  onSilence?(): void;
  /** Called after the first reply: the time to load what a run will need. Default: nothing happens. */
  warmUp?(): void;
}

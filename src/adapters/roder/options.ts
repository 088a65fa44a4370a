/** What the extension is made of: everything it needs comes in here, so that a test can build one without any I/O. */
import type { SubagentDefinition } from "#protocols/roder-extension-0.2";
import type { Approval, Outcome, Phase, Registry, RunRef, Target } from "../../core/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { ManifestOnDisk } from "./manifest.ts";

/** Whom a request names. Neither: the default agent. Never both. */
export interface AgentChoice {
  /** An `agent_type` of one of the definitions. */
  agent?: string;
  deploymentId?: string;
}

/** How a run is doing. */
export interface RunReport {
  run: RunRef;
  phase: Phase;
  /** A short human phrase: the step, the tool. */
  detail?: string;
  /** What was said since the asked-for cursor, as far as it is at hand. */
  text: string;
  /** To be passed next time. */
  cursor: number;
  /** What a person has to decide. */
  approvals: Approval[];
  /** Once the run has ended. */
  outcome?: Outcome;
}

/** Runs by their remote id, whoever started them. Rejects with an `ExecutionFailure`; `not_found` for an unknown id. */
export interface RunDirectory {
  /** Looks once, waits for nothing. Without a cursor: from the beginning. */
  status(runId: string, cursor?: number): Promise<RunReport>;
  /** Asks for the cancel and resolves when the service has taken the request; goes on trying after that if need be. */
  cancel(runId: string): Promise<void>;
}

export interface RoderOptions {
  registry: Registry;
  ambient: Ambient;
  log: Log;
  /** What was read from disk, or why that failed; the failure is the answer to `extension/initialize`. */
  manifest: ManifestOnDisk | ExecutionFailure;
  /** Where a run goes. Pure: no I/O. May throw an `ExecutionFailure`. */
  target(choice: AgentChoice): Target;
  /** The agents on offer, from memory, the default one first. */
  definitions(): readonly SubagentDefinition[];
  runs: RunDirectory;
  /**
   * Called when the host never says hello, or falls silent after it, which is how Roder refuses an extension: it neither
   * kills the process nor closes its stdin. The caller ends the wire. Default: nothing happens.
   */
  onSilence?(): void;
}

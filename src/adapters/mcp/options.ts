/** Everything the server needs from the rest of the program, so that a test can build one without I/O. */
import type { ApprovalDesk, Artifact, RunDirectory, RunRegistry, Target } from "../../core/index.ts";
import type { AgentChoice, AgentOffer } from "../../model-tools/index.ts";
import type { HeardRequest } from "../../stdio/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { Log } from "../../support/log.ts";
import type { Redactor } from "../../support/redact.ts";

export interface McpOptions {
  version: string;
  /** The client's first request, if it was answered before this program was loaded. */
  heard: HeardRequest | undefined;
  registry: RunRegistry;
  ambient: Ambient;
  log: Log;
  redactor: Redactor;
  /** Returns the agents on offer from memory, the default one first. The list does not change. */
  agents(): readonly AgentOffer[];
  /** Returns what a run goes to. Does no I/O; may throw an `ExecutionFailure`. */
  target(choice: AgentChoice): Target;
  /** Any run of the organization, by its id. */
  runs: Pick<RunDirectory, "status" | "cancel">;
  /** Returns the content of an artifact, or undefined when it has more than `maxBytes`. */
  readArtifact(artifact: Artifact, limits: { maxBytes: number; signal: AbortSignal }): Promise<Uint8Array | undefined>;
  approvals(): Promise<Pick<ApprovalDesk, "checkpoint" | "decide">>;
  /** Whether clients may show approvals to a person. Otherwise they are decided in a terminal only. */
  asksPeople: boolean;
  /** Called when the client has introduced itself, to load what a run will need. Default: nothing happens. */
  warmUp?(): void;
}

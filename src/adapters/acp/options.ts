/** Everything the agent needs from the rest of the program, so that a test can build one without I/O. */
import type { ApprovalDesk, RunRegistry, Target } from "../../core/index.ts";
import type { AgentChoice, AgentOffer } from "../../model-tools/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { Log } from "../../support/log.ts";
import type { Redactor } from "../../support/redact.ts";

export interface AcpOptions {
  version: string;
  /** Whether the client's `initialize` was answered before this program was loaded. */
  isInitialized: boolean;
  registry: RunRegistry;
  ambient: Ambient;
  log: Log;
  redactor: Redactor;
  /** The agents on offer, the default one first. From memory: a new session must not wait for the service. */
  agents: readonly AgentOffer[];
  /** Returns what a run goes to. Does no I/O; may throw an `ExecutionFailure`. */
  target(choice: AgentChoice): Target;
  /** Lets the next call look for a key anew: a person may have logged in meanwhile. */
  renewKey(): void;
  /** Does the same, and rejects with `unauthorized` when there is none. */
  requireKey(): Promise<void>;
  approvals(): Promise<Pick<ApprovalDesk, "checkpoint" | "decide">>;
  /** Whether the client may show approvals to a person. Otherwise they are decided in a terminal only. */
  asksPeople: boolean;
  /** Called when the client has introduced itself, to load what a turn will need. */
  warmUp(): void;
}

/** One run, from request to outcome. Knows no host and no wire. */

export type { ApprovalDesk, ApprovalRequest, Checkpoint, Verdict, WaitingRun } from "./approvals.ts";
export type { SavedArtifact } from "./artifact-files.ts";
export type { RunDirectory, RunReport } from "./directory.ts";
export type { Approval, Artifact, ExecutionEvent, Outcome, OutcomeKind, Phase, RunRef, Usage } from "./events.ts";
export { generalAgentTarget } from "./general-agent.ts";
export type { DeploymentRow, Organization, RunRow, RunState } from "./organization.ts";
export { type Execute, type LiveRun, Registry, type Sink } from "./registry.ts";
export { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, type RunLimits, type RunRequest, type Target } from "./request.ts";

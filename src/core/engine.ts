/**
 * The second door of this room: what needs HTTP and the service's schemas. It is imported after the first reply, when a
 * run is asked for; `index.ts` is what a front end may load at its start.
 */
export { agentsOf } from "./account/agents.ts";
export { ApprovalDesk } from "./account/approvals.ts";
export { Organization } from "./account/organization.ts";
export { RunDirectory } from "./account/run-directory.ts";
export { Batch } from "./batch/batch.ts";
export { RowStates } from "./batch/batch-notes.ts";
export { Canceller } from "./cancel/canceller.ts";
export { Journal, parseEntry, type RunKeepers } from "./cancel/journal.ts";
export { type SweepOptions, sweep } from "./cancel/sweep.ts";
export { DeploymentDesk } from "./deployment/deployment-desk.ts";
export type { DeploymentNote, DeploymentNotes } from "./deployment/deployment-notes.ts";
export { pickMadeAhead } from "./deployment/family.ts";
export { redactedTranscript } from "./host/redacted-transcript.ts";
export { type Fetch, readArtifact } from "./run/artifact-content.ts";
export { saveArtifacts } from "./run/artifact-files.ts";
export { createExecute } from "./run/run-session.ts";
export { guardedExecute } from "./spend/guarded-execute.ts";
export { entriesOf, type SpendLedger, type SpendLine } from "./spend/spend-entries.ts";
export { SpendGuard } from "./spend/spend-guard.ts";

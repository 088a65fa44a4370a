/**
 * One run, from request to outcome. Knows no host and no wire. This door is what a front end loads at its start; what
 * needs HTTP is behind `engine.ts`.
 */

export type { InboxEntry } from "../seren/index.ts";
export type { NamedAgent } from "./account/agents.ts";
export { type ApprovalQuestion, ApprovalQuestions } from "./account/approval-question.ts";
export { approvalLines, approvalText, visibleText } from "./account/approval-text.ts";
export type { ApprovalDesk } from "./account/approvals.ts";
export { type ApprovalRequest, type Checkpoint, RequestsChanged } from "./account/checkpoint.ts";
export { EntryChanged, requestOfEntry } from "./account/inbox-entry.ts";
export type { DeploymentRow, Organization, RunRow, RunState } from "./account/organization.ts";
export type { RunDirectory, RunReport } from "./account/run-directory.ts";
export type { ApprovalDecision } from "./account/send-decisions.ts";
export type { RunTranscript, TranscriptEntry } from "./account/transcript-entries.ts";
export type { Batch, BatchOptions, RowEnd } from "./batch/batch.ts";
export type { BatchLine, BatchNotes, RowStates } from "./batch/batch-notes.ts";
export {
  chooseDeployment,
  chooseNamedDeployment,
  type DeploymentTarget,
  type NamedDeployment,
} from "./deployment/choose-deployment.ts";
export type { DeploymentDesk } from "./deployment/deployment-desk.ts";
export { isMadeAhead, isOfFamily } from "./deployment/family.ts";
export { generalAgentTarget, isGeneralAgent, MODEL_ID } from "./deployment/general-agent.ts";
export type { Upserted } from "./deployment/upsert-deployment.ts";
export type { Approval, Artifact, ExecutionEvent, Outcome, OutcomeKind, Phase, RunRef, Usage } from "./events.ts";
export { answerWithin, type BackgroundRun, BackgroundRuns, followedReport } from "./host/background-runs.ts";
export { Coalescer } from "./host/coalescer.ts";
export { decideCommand, showRunCommand, withAdvice } from "./host/command-hints.ts";
export { ContinuedRun } from "./host/continued-run.ts";
export { type HostJob, HostJobs } from "./host/host-jobs.ts";
export { LateAnswers } from "./host/late-answers.ts";
export { redactedReport } from "./host/redacted-run.ts";
export { RunCounters } from "./host/run-counters.ts";
export { countFields, createRunLog } from "./host/run-log.ts";
export { type Execute, RunRegistry } from "./host/run-registry.ts";
export type { RunResult, RunWatcher } from "./host/run-watchers.ts";
export { Throttle } from "./host/throttle.ts";
export { NOTICE_EVENTS, type Notice, type NoticeEvent } from "./notices/notice.ts";
export { Notices } from "./notices/notices.ts";
export { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, type RunLimits, type RunRequest, type Target } from "./request.ts";
export type { SavedArtifact } from "./run/artifact-files.ts";
export { costOf } from "./run/cost.ts";
export { cutOf, cutWords } from "./run/cut-answer.ts";
export { withContent } from "./run/with-content.ts";
export { dayOf, type LimitSettings, type Limits } from "./spend/limits.ts";
export type { SpendEntry } from "./spend/spend-entries.ts";

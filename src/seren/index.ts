/** Typed Seren Cloud client: calls, starting a run once, following it to its end. */
export type {
  CreateDeployment,
  CreateRun,
  DeploymentSummary,
  PendingApproval,
  PendingRun,
  RunArtifact,
  RunLiveState,
  RunRecord,
} from "#protocols/seren-cloud";
export { type CallOptions, type ListRuns, SerenClient } from "./client.ts";
export { digestOf, findRun, type RunTrace } from "./find-run.ts";
export { type RunCursor, sequenceOf, toSequence } from "./run-cursor.ts";
export { decodeRunEvent, recordRows } from "./run-events.ts";
export { type FollowEnd, type FollowItem, RunFollower } from "./run-follower.ts";
export { RunLog } from "./run-log.ts";
export { type StartedRun, startRun } from "./start-run.ts";
export { AWAITING_APPROVAL, endingOf, isTerminal, type RunEnding } from "./status.ts";
export type { HttpTransport } from "./transport.ts";

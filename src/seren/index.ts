/** Typed Seren Cloud client: calls, starting a run once, following it to its end. */
export type { CallOptions } from "./client/caller.ts";
export { type ListRuns, SerenClient } from "./client/client.ts";
export { AWAITING_APPROVAL, endingOf, isTerminal, type RunEnding } from "./client/status.ts";
export { EventLogReader } from "./follow/event-log-reader.ts";
export { type RunCursor, sequenceOf } from "./follow/run-cursor.ts";
export { type FollowEnd, type FollowItem, RunFollower } from "./follow/run-follower.ts";
export { SseParser } from "./follow/sse.ts";
export { download } from "./http/download.ts";
export { createHttp } from "./http/http-transport.ts";
export { toFailure } from "./http/problem.ts";
export type { HttpStream, HttpTransport } from "./http/transport.ts";
export { decodeRunEvent } from "./mapping/events.ts";
export type {
  Deployment,
  Invocation,
  LiveState,
  NewAgent,
  NewDeployment,
  NewRun,
  PendingApproval,
  PendingApprovals,
  PendingRun,
  Run,
  RunArtifact,
  RunEvent,
} from "./model.ts";
export { digestOf, findRun, type RunTrace } from "./start/find-run.ts";
export { type StartedRun, startRun } from "./start/start-run.ts";

/** Typed Seren Cloud client: calls, starting a run once, following it to its end. */
export type { CallOptions } from "./client/caller.ts";
export { type ListRuns, SerenClient } from "./client/client.ts";
export { type EventPage, isUnreadable } from "./client/pages.ts";
export {
  AWAITING_APPROVAL,
  ENDED_STATUS,
  endingOf,
  isKnownStatus,
  isTerminal,
  mayAwaitApproval,
  type RunEnding,
  runFromStreamEnd,
} from "./client/status.ts";
export { EventLogReader } from "./follow/event-log-reader.ts";
export { type RunCursor, sequenceOf } from "./follow/run-cursor.ts";
export { RunFollower } from "./follow/run-follower.ts";
export { SseParser } from "./follow/sse.ts";
export { whyUnreachable } from "./http/connection-failure.ts";
export { download } from "./http/download.ts";
export { createHttp } from "./http/http-transport.ts";
export { CONVERSATION_AWAITING, CONVERSATION_BUSY, isRefusal, REFUSED_TURN } from "./http/problem.ts";
export type { HttpStream, HttpTransport } from "./http/transport.ts";
export { upload } from "./http/upload.ts";
export { decodeRunEvent, kindOfRow } from "./mapping/events.ts";
export {
  type ArtifactListing,
  type BundleRegistration,
  type Deployment,
  type InboxDecision,
  type InboxEntry,
  type NewBundle,
  type NewDeployment,
  type PendingApproval,
  type PendingApprovals,
  type Rows,
  type Run,
  type RunEvent,
  UNKNOWN_STATUS,
} from "./model.ts";
export { digestOf, findBegunRun, findRun, type RunTrace } from "./start/find-run.ts";
export { type StartedRun, startRun } from "./start/start-run.ts";

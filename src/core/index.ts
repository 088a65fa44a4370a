/** One run, from request to outcome. Knows no host and no wire. */
export { generalAgentTarget } from "./general-agent.ts";
export type { Approval, Artifact, ExecutionEvent, Outcome, OutcomeKind, Phase, RunRef, Usage } from "./events.ts";
export { type Execute, type LiveRun, Registry, type Sink } from "./registry.ts";
export { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS, type RunLimits, type RunRequest, type Target } from "./request.ts";

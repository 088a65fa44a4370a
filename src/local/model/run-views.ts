/** A run as the read endpoints show it, now or at an earlier time: the real service's records lag behind its streams. */
import { costsOf, usdOf } from "./costs.ts";
import { ORGANIZATION_ID, USER_ID } from "./deployments.ts";
import { isTerminal, type Run } from "./run.ts";

/** How many milliseconds a view is behind; its status and its events may differ. */
export interface Lag {
  statusMs: number;
  eventsMs: number;
}
export const NO_LAG: Lag = { statusMs: 0, eventsMs: 0 };

/** Above this many events a record does not hold them (`output_events` is null); the events endpoint still does. */
const MAX_RECORD_EVENTS = 20_000;

const iso = (at: number) => new Date(at).toISOString();
const int32 = (value: number) => Math.min(Math.max(0, Math.round(value)), 2 ** 31 - 1);

/** `CloudDeploymentRunEvent`; `undefined` when `lag` goes back to before the run was created. */
export function recordOf(run: Run, lag: Lag = NO_LAG): Record<string, unknown> | undefined {
  const now = run.now();
  const change = run.statusAt(now - lag.statusMs);
  if (change === undefined) return undefined;
  const over = isTerminal(change.status);
  const { entries } = run.log;
  const count = lag.eventsMs > 0 ? run.log.countAt(now - lag.eventsMs) : entries.length;
  const text = run.log.text(count);
  const started = run.startedAt ?? run.createdAt;
  const durationMs = int32((over ? change.at : now - lag.statusMs) - started);
  const costs = costsOf(run, text, durationMs);
  const visible = count === entries.length ? entries : entries.slice(0, count);
  return {
    id: run.id,
    deployment_id: run.deployment.id,
    organization_id: ORGANIZATION_ID,
    user_id: USER_ID,
    execution_id: run.executionId,
    compute_backend: run.deployment.body.workload.compute_backend ?? "aws_container",
    source: run.source,
    run_name: null,
    conversation_id: run.conversationId ?? null,
    status: change.status,
    status_message: change.message ?? null,
    stop_reason: change.stopReason ?? null,
    started_at: iso(started),
    completed_at: over ? iso(change.at) : null,
    created_at: iso(run.createdAt),
    updated_at: iso(Math.max(change.at, visible.at(-1)?.at ?? 0)),
    execution_time_ms: durationMs,
    billed_duration_ms: int32(Math.ceil(durationMs / 100) * 100),
    compute_cost_atomic: costs.computeAtomic,
    compute_cost_usd: usdOf(costs.computeAtomic),
    inference_cost_atomic: costs.inferenceAtomic,
    inference_cost_usd: usdOf(costs.inferenceAtomic),
    inference_input_tokens: costs.inputTokens,
    inference_output_tokens: costs.outputTokens,
    requested_cpu_millicores: 250,
    requested_memory_mib: 512,
    output: over ? (run.output ?? text) : null,
    output_events: count > MAX_RECORD_EVENTS ? null : visible.map((entry) => entry.event),
    invocation_payload: run.payload,
    metadata: {},
  };
}

/** `CloudRunLiveState`; `undefined` when `lag` goes back to before the run was created. */
export function liveStateOf(run: Run, lag: Lag = NO_LAG): Record<string, unknown> | undefined {
  const now = run.now();
  const change = run.statusAt(now - lag.statusMs);
  if (change === undefined) return undefined;
  const { entries } = run.log;
  const last = entries[(lag.eventsMs > 0 ? run.log.countAt(now - lag.eventsMs) : entries.length) - 1];
  const waiting = change.status === "awaiting_approval";
  const tool = change.status === "running" ? run.currentTool : undefined;
  return {
    run_id: run.id,
    deployment_id: run.deployment.id,
    status: change.status,
    phase: tool === undefined ? change.status : "tool",
    terminal: isTerminal(change.status),
    latest_sequence: last?.sequence ?? 0,
    latest_event_kind: typeof last?.event.type === "string" ? last.event.type : null,
    pending_approval_count: waiting ? run.pending.length : 0,
    checkpoint_id: waiting ? (run.checkpointId ?? null) : null,
    current_tool: tool ?? null,
    current_step: null,
    status_message: change.message ?? null,
    started_at: iso(run.startedAt ?? run.createdAt),
    updated_at: iso(Math.max(change.at, last?.at ?? 0)),
  };
}

/** `CloudDeploymentRunArtifact` rows. */
export function artifactsOf(run: Run): object[] {
  return run.artifacts.map(({ id, at, type, title, url, payload }) => ({
    id,
    artifact_type: type,
    payload,
    title,
    url,
    run_event_id: run.id,
    deployment_id: run.deployment.id,
    organization_id: ORGANIZATION_ID,
    user_id: USER_ID,
    created_at: iso(at),
    updated_at: iso(at),
  }));
}

/** `CloudRunPendingApprovalsResponse`. */
export function pendingApprovalsOf(run: Run): object {
  return {
    run_id: run.id,
    status: run.status,
    checkpoint_id: run.checkpointId ?? null,
    pending_approvals: run.pending,
  };
}

/** `CloudPendingApprovalRun`: a row of the lists of waiting runs. It does not name the checkpoint. */
export function pendingRunOf(run: Run): object {
  return {
    run_id: run.id,
    deployment_id: run.deployment.id,
    execution_id: run.executionId,
    compute_backend: run.deployment.body.workload.compute_backend ?? "aws_container",
    source: run.source,
    status: run.status,
    status_message: run.current.message ?? null,
    run_name: null,
    started_at: iso(run.startedAt ?? run.createdAt),
    updated_at: iso(run.current.at),
    pending_approvals: run.pending,
  };
}

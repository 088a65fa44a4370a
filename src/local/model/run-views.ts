/** A run as the read endpoints show it, now or as of an earlier time (stores lag behind streams). */
import { ORGANIZATION_ID, USER_ID } from "./deployments.ts";
import type { LogEntry } from "./event-log.ts";
import { isTerminal, type Run, type StatusChange } from "./run.ts";

/** How far behind a view is: `status` and `events` may be as of different times. */
export interface Lag {
  statusMs: number;
  eventsMs: number;
}
export const NO_LAG: Lag = { statusMs: 0, eventsMs: 0 };

/** Above this many events a record no longer repeats them (`output_events` is null); they stay readable in pages. */
const MAX_RECORD_EVENTS = 20_000;

const iso = (at: number) => new Date(at).toISOString();
const int32 = (value: number) => Math.min(Math.max(0, Math.round(value)), 2 ** 31 - 1);
/** Money is counted in millionths of a dollar. */
const usd = (atomic: number) => (atomic / 1e6).toFixed(6);
const atomic = (text: string | undefined, fallback: number) =>
  text === undefined ? fallback : Math.round(Number(text) * 1e6);

/** The status as of `time`, or `undefined` when the run did not exist yet. */
export function statusAt(run: Run, time: number): StatusChange | undefined {
  for (let index = run.history.length - 1; index >= 0; index -= 1) {
    const moment = run.history[index];
    if (moment !== undefined && moment.at <= time) return moment;
  }
  return undefined;
}

export interface Costs {
  inputTokens: number;
  outputTokens: number;
  computeAtomic: number;
  inferenceAtomic: number;
}

/** Computed from sizes, so that equal runs cost the same: four bytes make a token. */
export function costsOf(run: Run, text: string, durationMs: number): Costs {
  const { usage } = run;
  const message = typeof run.payload.message === "string" ? run.payload.message : "";
  const inputTokens = usage.input_tokens ?? Math.ceil(Buffer.byteLength(message) / 4);
  const outputTokens = usage.output_tokens ?? Math.ceil(Buffer.byteLength(text) / 4);
  return {
    inputTokens,
    outputTokens,
    computeAtomic: atomic(usage.compute_usd, Math.ceil(durationMs / 100)),
    inferenceAtomic: atomic(usage.inference_usd, inputTokens * 3 + outputTokens * 15),
  };
}

export function textOf(entries: readonly LogEntry[], count = entries.length): string {
  let text = "";
  for (let index = 0; index < count; index += 1) {
    const event = entries[index]?.event;
    if (event?.type === "text" && typeof event.text === "string") text += event.text;
  }
  return text;
}

/** `CloudDeploymentRunEvent`; `undefined` when the run does not exist yet as of then. */
export function recordOf(run: Run, lag: Lag = NO_LAG): Record<string, unknown> | undefined {
  const now = run.now();
  const moment = statusAt(run, now - lag.statusMs);
  if (moment === undefined) return undefined;
  const over = isTerminal(moment.status);
  const { entries } = run.log;
  const count = lag.eventsMs > 0 ? run.log.countAt(now - lag.eventsMs) : entries.length;
  const text = textOf(entries, count);
  const started = run.startedAt ?? run.createdAt;
  const durationMs = int32((over ? moment.at : now - lag.statusMs) - started);
  const costs = costsOf(run, text, durationMs);
  const seen = count === entries.length ? entries : entries.slice(0, count);
  return {
    id: run.id,
    deployment_id: run.deployment.id,
    organization_id: ORGANIZATION_ID,
    user_id: USER_ID,
    execution_id: run.executionId,
    compute_backend: run.deployment.body.workload.compute_backend ?? "aws_container",
    source: "api",
    run_name: null,
    conversation_id: run.conversationId ?? null,
    status: moment.status,
    status_message: moment.message ?? null,
    stop_reason: over ? (run.stopReason ?? null) : null,
    started_at: iso(started),
    completed_at: over ? iso(moment.at) : null,
    created_at: iso(run.createdAt),
    updated_at: iso(Math.max(moment.at, seen.at(-1)?.at ?? 0)),
    execution_time_ms: durationMs,
    billed_duration_ms: int32(Math.ceil(durationMs / 100) * 100),
    compute_cost_atomic: costs.computeAtomic,
    compute_cost_usd: usd(costs.computeAtomic),
    inference_cost_atomic: costs.inferenceAtomic,
    inference_cost_usd: usd(costs.inferenceAtomic),
    inference_input_tokens: costs.inputTokens,
    inference_output_tokens: costs.outputTokens,
    requested_cpu_millicores: 250,
    requested_memory_mib: 512,
    output: over ? (run.output ?? text) : null,
    output_events: count > MAX_RECORD_EVENTS ? null : seen.map((entry) => entry.event),
    invocation_payload: run.payload,
    metadata: {},
  };
}

/** `CloudRunLiveState`. */
export function liveStateOf(run: Run, lag: Lag = NO_LAG): Record<string, unknown> | undefined {
  const now = run.now();
  const moment = statusAt(run, now - lag.statusMs);
  if (moment === undefined) return undefined;
  const { entries } = run.log;
  const last = entries[(lag.eventsMs > 0 ? run.log.countAt(now - lag.eventsMs) : entries.length) - 1];
  const waiting = moment.status === "awaiting_approval";
  const tool = moment.status === "running" ? run.currentTool : undefined;
  return {
    run_id: run.id,
    deployment_id: run.deployment.id,
    status: moment.status,
    phase: tool === undefined ? moment.status : "tool",
    terminal: isTerminal(moment.status),
    latest_sequence: last?.sequence ?? 0,
    latest_event_kind: typeof last?.event.type === "string" ? last.event.type : null,
    pending_approval_count: waiting ? run.pending.length : 0,
    checkpoint_id: waiting ? (run.checkpointId ?? null) : null,
    current_tool: tool ?? null,
    current_step: null,
    status_message: moment.message ?? null,
    started_at: iso(run.startedAt ?? run.createdAt),
    updated_at: iso(Math.max(moment.at, last?.at ?? 0)),
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
export function pendingApprovalsView(run: Run): object {
  return {
    run_id: run.id,
    status: run.status,
    checkpoint_id: run.checkpointId ?? null,
    pending_approvals: run.pending,
  };
}

/** `CloudPendingApprovalRun`: the same without the checkpoint. */
export function pendingRunOf(run: Run): object {
  return {
    run_id: run.id,
    deployment_id: run.deployment.id,
    execution_id: run.executionId,
    compute_backend: run.deployment.body.workload.compute_backend ?? "aws_container",
    source: "api",
    status: run.status,
    status_message: run.current.message ?? null,
    run_name: null,
    started_at: iso(run.startedAt ?? run.createdAt),
    updated_at: iso(run.current.at),
    pending_approvals: run.pending,
  };
}

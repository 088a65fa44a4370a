/** The service's answers as our own types (`model.ts`): the one place where members of an answer are read. */
import * as z from "zod";
import {
  DeploymentSummarySchema,
  type PendingApprovalSchema,
  PendingRunSchema,
  RunArtifactSchema,
  RunInvocationSchema,
  RunLiveStateSchema,
  RunPendingApprovalsSchema,
  RunRecordSchema,
  RunSnapshotSchema,
} from "#protocols/seren-cloud";
import { isObject } from "../../support/objects.ts";
import { JITLESS } from "../../support/zod.ts";
import type {
  Deployment,
  Invocation,
  LiveState,
  PendingApproval,
  PendingApprovals,
  PendingRun,
  Run,
  RunArtifact,
} from "../model.ts";

/** Reads one value of an answer. Returns the reason when it cannot be read. */
export type Reader<T> = (value: unknown) => { ok: true; value: T } | { ok: false; error: Error };

function reader<S extends z.ZodType, T>(schema: S, map: (wire: z.output<S>) => T): Reader<T> {
  return (value) => {
    const parsed = schema.safeParse(value, JITLESS);
    return parsed.success ? { ok: true, value: map(parsed.data) } : { ok: false, error: parsed.error };
  };
}

/** The rows that can be read, in order. The others are left out. */
export function readEach<T>(read: Reader<T>, rows: readonly unknown[]): T[] {
  const values: T[] = [];
  for (const row of rows) {
    const reading = read(row);
    if (reading.ok) values.push(reading.value);
  }
  return values;
}

export const readRows: Reader<unknown[]> = reader(z.array(z.unknown()), (rows) => rows);

export const readRun: Reader<Run> = reader(RunRecordSchema, (wire) => ({
  id: wire.id,
  deploymentId: wire.deployment_id,
  status: wire.status,
  statusMessage: wire.status_message ?? undefined,
  stopReason: wire.stop_reason ?? undefined,
  executionId: wire.execution_id ?? undefined,
  conversationId: wire.conversation_id ?? undefined,
  sessionUrl: wire.session_url ?? undefined,
  createdAt: timeOf(wire.created_at),
  startedAt: timeOf(wire.started_at),
  completedAt: timeOf(wire.completed_at),
  updatedAt: timeOf(wire.updated_at),
  executionTimeMs: wire.execution_time_ms ?? undefined,
  computeCostUsd: wire.compute_cost_usd ?? undefined,
  inferenceCostUsd: wire.inference_cost_usd ?? undefined,
  inputTokens: wire.inference_input_tokens ?? undefined,
  outputTokens: wire.inference_output_tokens ?? undefined,
  output: wire.output ?? undefined,
  eventRows: listOf(wire.output_events),
  requestId: textIn(wire.invocation_payload, "client_request_id"),
  message: textIn(wire.invocation_payload, "message"),
}));

export const readLiveState: Reader<LiveState> = reader(RunLiveStateSchema, (wire) => ({
  runId: wire.run_id,
  deploymentId: wire.deployment_id,
  status: wire.status,
  phase: wire.phase,
  terminal: wire.terminal,
  latestSequence: wire.latest_sequence,
  currentStep: wire.current_step ?? undefined,
  currentTool: wire.current_tool ?? undefined,
  statusMessage: wire.status_message ?? undefined,
}));

/** The legacy `run` frame of the stream: the whole run so far. */
export const readSnapshot: Reader<{ status: string; eventRows: readonly unknown[] }> = reader(
  RunSnapshotSchema,
  (wire) => ({ status: wire.status, eventRows: wire.output_events ?? [] }),
);

export const readInvocation: Reader<Invocation> = reader(RunInvocationSchema, (wire) => ({
  status: wire.status,
  runId: wire.run_id ?? wire.id ?? undefined,
  executionId: wire.execution_id ?? undefined,
  result: wire.result,
}));

export const readDeployment: Reader<Deployment> = reader(DeploymentSummarySchema, (wire) => ({
  id: wire.id,
  name: wire.name,
  mode: wire.mode,
  status: wire.status,
  errorMessage: wire.error_message ?? undefined,
  modelId: wire.model_id ?? undefined,
  createdAt: timeOf(wire.created_at),
}));

export const readPendingApprovals: Reader<PendingApprovals> = reader(RunPendingApprovalsSchema, (wire) => ({
  status: wire.status,
  checkpointId: wire.checkpoint_id ?? undefined,
  approvals: (wire.pending_approvals ?? []).map(toApproval),
}));

export const readPendingRun: Reader<PendingRun> = reader(PendingRunSchema, (wire) => ({
  runId: wire.run_id,
  deploymentId: wire.deployment_id,
  status: wire.status,
  approvals: (wire.pending_approvals ?? []).map(toApproval),
}));

export const readArtifact: Reader<RunArtifact> = reader(RunArtifactSchema, (wire) => ({
  id: wire.id,
  kind: wire.artifact_type,
  title: wire.title ?? undefined,
  url: wire.url ?? undefined,
  payload: wire.payload,
}));

function toApproval(wire: z.output<typeof PendingApprovalSchema>): PendingApproval {
  return { id: wire.id, tool: wire.tool, args: wire.args, reason: wire.reason ?? undefined };
}

/** Milliseconds since the epoch; undefined for a text that is no time. */
function timeOf(text: string | null | undefined): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** `output_events` is untyped upstream: anything but a list counts as none. */
function listOf(value: unknown): unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function textIn(value: unknown, member: string): string | undefined {
  const text = isObject(value) ? value[member] : undefined;
  return typeof text === "string" ? text : undefined;
}

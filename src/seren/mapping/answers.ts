/**
 * The service's answers as our own types (`model.ts`): the one place where members of an answer are read. Only what
 * identifies a thing is required; every other member is used if it can be, and is absent otherwise (`members.ts`).
 */
import { itemSources, memberSource } from "../../support/json-source.ts";
import { isObject, jsonText, writable } from "../../support/objects.ts";
import {
  type BundleRegistration,
  type Deployment,
  type Invocation,
  type LiveState,
  type PendingApproval,
  type PendingApprovals,
  type PendingRun,
  type Rows,
  type Run,
  type RunArtifact,
  type Spend,
  UNKNOWN_STATUS,
} from "../model.ts";
import {
  addressIn,
  contentIn,
  decimalIn,
  exactNameIn,
  flagIn,
  idIn,
  listIn,
  markerIn,
  membersIn,
  nameIn,
  numberIn,
  objectIn,
  phraseIn,
  textIn,
  timeIn,
} from "./members.ts";

/** Reads one value of an answer. Returns `undefined` when it lacks what it cannot do without. */
export type Reader<T> = (value: unknown) => T | undefined;

/** Also gets the JSON text of the value, for what has to be shown exactly. */
export type ExactReader<T> = (value: unknown, source: () => string | undefined) => T | undefined;

/** Rows that are read of one listing. The service is asked for 500 at most. */
export const MAX_ROWS = 10_000;

/** Reads each row by itself, so that one that cannot be read costs no other. Rows beyond `MAX_ROWS` count as unreadable. */
export function readEach<T>(read: Reader<T>, rows: readonly unknown[]): Rows<T> {
  return readEachAt((row) => read(row), rows);
}

export function readEachAt<T>(read: (row: unknown, index: number) => T | undefined, rows: readonly unknown[]): Rows<T> {
  const values = rows.slice(0, MAX_ROWS).flatMap((row, index) => read(row, index) ?? []);
  return { rows: values, unreadable: rows.length - values.length };
}

export const readRows: Reader<readonly unknown[]> = listIn;

/** `asked`: the id by which the run was asked for; it serves where the answer's own cannot be read. */
export function readRun(value: unknown, asked?: string): Run | undefined {
  const run = membersIn(value);
  const id = idIn(run.id) ?? asked;
  if (id === undefined || !isObject(value)) return undefined;
  return {
    id,
    deploymentId: idIn(run.deployment_id),
    status: statusIn(run.status),
    statusMessage: phraseIn(run.status_message),
    stopReason: nameIn(run.stop_reason),
    executionId: idIn(run.execution_id),
    conversationId: idIn(run.conversation_id),
    sessionUrl: addressIn(run.session_url),
    createdAt: timeIn(run.created_at),
    startedAt: timeIn(run.started_at),
    completedAt: timeIn(run.completed_at),
    updatedAt: timeIn(run.updated_at),
    executionTimeMs: numberIn(run.execution_time_ms),
    computeCostUsd: decimalIn(run.compute_cost_usd),
    inferenceCostUsd: decimalIn(run.inference_cost_usd),
    inputTokens: numberIn(run.inference_input_tokens),
    outputTokens: numberIn(run.inference_output_tokens),
    output: textIn(run.output),
    eventRows: listIn(run.output_events),
    source: nameIn(run.source),
    payload: payloadIn(run.invocation_payload),
  };
}

export function readLiveState(value: unknown, asked?: string): LiveState | undefined {
  const state = membersIn(value);
  const runId = idIn(state.run_id) ?? asked;
  const status = statusIn(state.status);
  const terminal = flagIn(state.terminal);
  if (runId === undefined || (status === UNKNOWN_STATUS && terminal === undefined)) return undefined;
  return {
    runId,
    deploymentId: idIn(state.deployment_id),
    status,
    phase: nameIn(state.phase) ?? status,
    terminal: terminal ?? false,
    latestSequence: numberIn(state.latest_sequence),
    currentStep: phraseIn(state.current_step),
    currentTool: nameIn(state.current_tool),
    statusMessage: phraseIn(state.status_message),
  };
}

/** The marker of the create call that made the run of a row, whatever else of the row can be read. */
export function requestIdOf(row: unknown): string | undefined {
  return payloadIn(membersIn(row).invocation_payload)?.requestId;
}

const OPERATIONS = ["chat", "job", "heartbeat"] as const;

function isOperation(value: unknown): value is (typeof OPERATIONS)[number] {
  return OPERATIONS.some((operation) => operation === value);
}

function payloadIn(value: unknown): Run["payload"] {
  const payload = objectIn(value);
  if (!payload) return undefined;
  const { client_request_id, message, operation, inputs } = payload;
  return {
    requestId: markerIn(client_request_id),
    message: textIn(message),
    ...(isOperation(operation) ? { operation } : {}),
    ...(inputs === undefined || inputs === null ? {} : { inputs }),
  };
}

/** The legacy `run` frame of the stream: the whole run so far. */
export function readSnapshot(value: unknown): { runId: string; status: string; eventRows: readonly unknown[] } {
  const { id, status, output_events } = membersIn(value);
  return { runId: idIn(id) ?? "", status: statusIn(status), eventRows: listIn(output_events) ?? [] };
}

/** The status in the data of a frame or of any other thing that has one. */
export function readStatus(value: unknown): string {
  return statusIn(membersIn(value).status);
}

export function readInvocation(value: unknown): Invocation {
  const invocation = membersIn(value);
  return {
    status: statusIn(invocation.status),
    runId: idIn(invocation.run_id) ?? idIn(invocation.id),
    executionId: idIn(invocation.execution_id),
    result: invocation.result,
  };
}

export function readDeployment(value: unknown, asked?: string): Deployment | undefined {
  const deployment = membersIn(value);
  const id = idIn(deployment.id) ?? asked;
  if (id === undefined || !isObject(value)) return undefined;
  return {
    id,
    name: exactNameIn(deployment.name),
    mode: nameIn(deployment.mode),
    status: statusIn(deployment.status),
    errorMessage: phraseIn(deployment.error_message),
    modelId: nameIn(deployment.model_id),
    createdAt: timeIn(deployment.created_at),
    updatedAt: timeIn(deployment.updated_at),
    skillSlug: nameIn(deployment.skill_slug),
    visibility: nameIn(deployment.visibility),
    orchestrationMode: nameIn(deployment.orchestration_mode),
    cronSchedule: nameIn(deployment.cron_schedule),
    cronTimezone: nameIn(deployment.cron_timezone),
    codeBundleHash: nameIn(deployment.code_bundle_hash),
    endpointUrl: addressIn(deployment.endpoint_url),
  };
}

/** Its date-times arrive as lists of numbers, and nothing here needs them. */
export function readSpend(value: unknown): Spend | undefined {
  const spend = objectIn(value);
  return spend && { totalUsd: decimalIn(spend.total_cost_usd), runs: numberIn(spend.run_count) };
}

/** An upload that is required and has no address cannot be made: the answer is then of no use. */
export function readBundleRegistration(value: unknown): BundleRegistration | undefined {
  const bundle = membersIn(value);
  const id = idIn(bundle.deployment_bundle_id) ?? idIn(bundle.id);
  const url = addressIn(bundle.upload_url);
  if (id === undefined || (url === undefined && flagIn(bundle.upload_required) !== false)) return undefined;
  if (url === undefined || flagIn(bundle.upload_required) === false) return { id };
  const headers = Object.entries(membersIn(bundle.upload_headers)).flatMap(([name, header]) => {
    const text = textIn(header);
    return text === undefined ? [] : [[name, text] as const];
  });
  return { id, upload: { url, headers: Object.fromEntries(headers) } };
}

/** `asked`: the run whose approvals these have to be. What a person decides here must not be another run's. */
export const readPendingApprovals =
  (asked: string): ExactReader<PendingApprovals> =>
  (value, source) => {
    const pending = membersIn(value);
    if ((idIn(pending.run_id) ?? asked).toLowerCase() !== asked.toLowerCase()) return undefined;
    const { rows, unreadable } = readApprovals(pending.pending_approvals, source());
    const status = statusIn(pending.status);
    if (status === UNKNOWN_STATUS && rows.length === 0) return undefined;
    return { status, checkpointId: idIn(pending.checkpoint_id), approvals: rows, unreadable };
  };

export const readPendingRuns: ExactReader<Rows<PendingRun>> = (value, source) => {
  const sources = itemSources(source());
  const rows = listIn(value);
  return rows && readEachAt((row, index) => readPendingRun(row, sources[index]), rows);
};

function readPendingRun(value: unknown, source: string | undefined): PendingRun | undefined {
  const pending = membersIn(value);
  const runId = idIn(pending.run_id);
  if (runId === undefined) return undefined;
  return {
    runId,
    deploymentId: idIn(pending.deployment_id),
    status: statusIn(pending.status),
    approvals: readApprovals(pending.pending_approvals, source).rows,
  };
}

export function readArtifact(value: unknown): RunArtifact | undefined {
  const artifact = membersIn(value);
  const url = addressIn(artifact.url);
  const id = idIn(artifact.id) ?? url ?? nameIn(artifact.title);
  if (id === undefined) return undefined;
  return {
    id,
    kind: nameIn(artifact.artifact_type) ?? "artifact",
    title: nameIn(artifact.title),
    url,
    payload: artifact.payload,
  };
}

/** `source` is the text of the object that has the list. */
function readApprovals(list: unknown, source: string | undefined): Rows<PendingApproval> {
  const sources = itemSources(memberSource(source, "pending_approvals"));
  return readEachAt((row, index) => readApproval(row, sources[index]), listIn(list) ?? []);
}

/** Without an id nothing can be decided. What is asked is shown whole, whatever its type. */
function readApproval(value: unknown, source: string | undefined): PendingApproval | undefined {
  const approval = membersIn(value);
  const id = idIn(approval.id);
  if (id === undefined) return undefined;
  return {
    id,
    tool: exactIn(approval, "tool", source) || "a tool that is not named",
    args: writable(approval.args),
    argsText: memberSource(source, "args") ?? (approval.args === undefined ? undefined : jsonText(approval.args)),
    reason: exactIn(approval, "reason", source) || undefined,
  };
}

/** A member that a person decides by: a text as it is, anything else as it is written in `source`, the text of the object. */
export function exactIn(
  members: Readonly<Record<string, unknown>>,
  name: string,
  source: string | undefined,
): string | undefined {
  const value = Object.hasOwn(members, name) ? members[name] : undefined;
  if (value === undefined || value === null || typeof value === "string") return value ?? undefined;
  return memberSource(source, name) ?? contentIn(value);
}

export function statusIn(value: unknown): string {
  return nameIn(textIn(value)) ?? UNKNOWN_STATUS;
}

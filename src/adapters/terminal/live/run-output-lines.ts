/**
 * The JSON lines of `run --json`, `runs follow --json` and `runs export`: one object per line, the last one of type `outcome` or `error`.
 * This is what programs may rely on; `docs/cli.md` explains it. Members may be added, none is renamed or removed.
 */
import * as z from "zod";
import {
  type Approval,
  type Artifact,
  type ExecutionEvent,
  type Outcome,
  type RunRef,
  type Usage,
  withAdvice,
} from "../../../core/index.ts";
import { assertNever } from "../../../support/assert-never.ts";
import type { ExecutionFailure } from "../../../support/failure.ts";
import { exitCodeOf } from "../exit-code.ts";

export const RunFields = {
  run_id: z.string().optional(),
  deployment_id: z.string().optional(),
  conversation_id: z.string().optional(),
  url: z.string().optional(),
};
export const UsageSchema = z.strictObject({
  input_tokens: z.int(),
  output_tokens: z.int(),
  /** Decimal strings in US dollars. */
  compute_usd: z.string().optional(),
  inference_usd: z.string().optional(),
  duration_ms: z.number().optional(),
});
export const ArtifactSchema = z.strictObject({
  id: z.string(),
  kind: z.string(),
  title: z.string().optional(),
  uri: z.string().optional(),
  sha256: z.string().optional(),
  size_bytes: z.number().optional(),
});
const ApprovalSchema = z.strictObject({ id: z.string(), tool: z.string(), reason: z.string().optional() });
const PHASES = [
  "resolving",
  "deploying",
  "submitting",
  "queued",
  "running",
  "awaiting_approval",
  "reconnecting",
  "cancelling",
  "reconciling",
] as const;
const CUTS = ["length", "filter", "steps", "early", "log"] as const;
export const OUTCOMES = ["completed", "failed", "cancelled", "timed_out", "blocked", "awaiting_approval"] as const;

export const RunOutputLineSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("status"), phase: z.enum(PHASES), detail: z.string().optional(), ...RunFields }),
  /** What the run was asked for. Only `runs export` says it. */
  z.strictObject({
    type: z.literal("input"),
    message: z.string().optional(),
    operation: z.enum(["chat", "job", "heartbeat"]).optional(),
    inputs: z.unknown().optional(),
  }),
  z.strictObject({ type: z.literal("text"), text: z.string() }),
  z.strictObject({ type: z.literal("thinking"), text: z.string() }),
  z.strictObject({ type: z.literal("tool_call"), id: z.string(), name: z.string(), arguments: z.string() }),
  z.strictObject({
    type: z.literal("tool_result"),
    id: z.string(),
    name: z.string(),
    content: z.string(),
    is_error: z.boolean(),
  }),
  z.strictObject({
    type: z.literal("approval_wait"),
    approvals: z.array(ApprovalSchema),
    reason: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("artifact"), artifact: ArtifactSchema }),
  z.strictObject({ type: z.literal("usage"), usage: UsageSchema }),
  z.strictObject({ type: z.literal("notice"), level: z.enum(["info", "warning"]), message: z.string() }),
  /** The last line when there was a run. `text` is the full answer; partial unless the run completed. */
  z.strictObject({
    type: z.literal("outcome"),
    outcome: z.enum(OUTCOMES),
    exit_code: z.int(),
    ...RunFields,
    text: z.string(),
    error: z.strictObject({ message: z.string(), code: z.string().optional() }).optional(),
    usage: UsageSchema.optional(),
    artifacts: z.array(ArtifactSchema),
    approvals: z.array(ApprovalSchema),
    stop_reason: z.string().optional(),
    /** The answer is not whole although the run completed; with `log`, or another outcome, the rest could not be read. */
    cut: z.enum(CUTS).optional(),
  }),
  /** The last line with `--detach`. */
  z.strictObject({ type: z.literal("detached"), ...RunFields }),
  /** The last line when no run was started, or it could not be followed. */
  z.strictObject({ type: z.literal("error"), kind: z.string(), message: z.string(), exit_code: z.int() }),
]);
export type RunOutputLine = z.output<typeof RunOutputLineSchema>;

/** Returns the line of an event. */
export function eventLine(event: ExecutionEvent): RunOutputLine {
  switch (event.type) {
    case "status": {
      const { type, phase, detail, run } = event;
      return { type, phase, ...(detail === undefined ? {} : { detail }), ...runFields(run) };
    }
    case "tool_result": {
      const { type, id, name, content, isError } = event;
      return { type, id, name, content, is_error: isError };
    }
    case "artifact":
      return { type: "artifact", artifact: artifactFields(event.artifact) };
    case "approval_wait": {
      const { type, approvals, reason } = event;
      return { type, approvals: approvals.map(approvalFields), ...(reason === undefined ? {} : { reason }) };
    }
    case "usage":
      return { type: "usage", usage: usageFields(event.usage) };
    case "notice":
      return { type: "notice", level: event.level, message: withAdvice(event) };
    case "text":
    case "thinking":
    case "tool_call":
      return event;
    default:
      return assertNever(event);
  }
}

export function outcomeLine(outcome: Outcome): RunOutputLine {
  const { kind, run, text, error, usage, artifacts, approvals, stopReason, cut } = outcome;
  return {
    type: "outcome",
    outcome: kind,
    exit_code: exitCodeOf(outcome),
    ...runFields(run),
    text,
    ...(error ? { error: { message: withAdvice(error), ...(error.code ? { code: error.code } : {}) } } : {}),
    ...(usage ? { usage: usageFields(usage) } : {}),
    artifacts: artifacts.map(artifactFields),
    approvals: approvals.map(approvalFields),
    ...(stopReason ? { stop_reason: stopReason } : {}),
    ...(cut ? { cut } : {}),
  };
}

export function errorLine(failure: ExecutionFailure): Extract<RunOutputLine, { type: "error" }> {
  return { type: "error", kind: failure.kind, message: withAdvice(failure), exit_code: exitCodeOf(failure) };
}

export function usageFields(usage: Usage): z.output<typeof UsageSchema> {
  const { inputTokens, outputTokens, computeUsd, inferenceUsd, durationMs } = usage;
  return {
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    ...(computeUsd === undefined ? {} : { compute_usd: computeUsd }),
    ...(inferenceUsd === undefined ? {} : { inference_usd: inferenceUsd }),
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
  };
}

/** The members that name a run, in lines and lists. */
export function runFields(run: RunRef | undefined): z.output<z.ZodObject<typeof RunFields>> {
  if (!run) return {};
  return {
    run_id: run.runId,
    deployment_id: run.deploymentId,
    ...(run.conversationId === undefined ? {} : { conversation_id: run.conversationId }),
    ...(run.url ? { url: run.url } : {}),
  };
}

export function artifactFields({ id, kind, title, uri, sha256, sizeBytes }: Artifact): z.output<typeof ArtifactSchema> {
  return {
    id,
    kind,
    ...(title === undefined ? {} : { title }),
    ...(uri === undefined ? {} : { uri }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sizeBytes === undefined ? {} : { size_bytes: sizeBytes }),
  };
}

function approvalFields({ id, tool, reason }: Approval): z.output<typeof ApprovalSchema> {
  return { id, tool, ...(reason === undefined ? {} : { reason }) };
}

/** The JSON lines of `run --json`, `runs follow --json` and `runs export`, as `run-output-schema.ts` promises them. */
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
import type {
  ApprovalMembers,
  ArtifactMembers,
  CutMember,
  RunMembers,
  RunOutputLine,
  UsageMembers,
} from "./run-output-schema.ts";

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
  const { kind, run, text, error, usage, artifacts, approvals, stopReason } = outcome;
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
    ...cutFields(outcome),
  };
}

/** Why `text` is not the whole answer. A reader of results alone has not seen the events that brought the rest. */
export function cutFields({ cut, shortened }: Outcome): { cut?: CutMember } {
  const why: CutMember | undefined = cut ?? (shortened ? "size" : undefined);
  return why ? { cut: why } : {};
}

export function errorLine(failure: ExecutionFailure): Extract<RunOutputLine, { type: "error" }> {
  return { type: "error", kind: failure.kind, message: withAdvice(failure), exit_code: exitCodeOf(failure) };
}

export function usageFields(usage: Usage): UsageMembers {
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
export function runFields(run: RunRef | undefined): RunMembers {
  if (!run) return {};
  return {
    run_id: run.runId,
    deployment_id: run.deploymentId,
    ...(run.conversationId === undefined ? {} : { conversation_id: run.conversationId }),
    ...(run.url ? { url: run.url } : {}),
  };
}

export function artifactFields({ id, kind, title, uri, sha256, sizeBytes }: Artifact): ArtifactMembers {
  return {
    id,
    kind,
    ...(title === undefined ? {} : { title }),
    ...(uri === undefined ? {} : { uri }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sizeBytes === undefined ? {} : { size_bytes: sizeBytes }),
  };
}

function approvalFields({ id, tool, reason }: Approval): ApprovalMembers {
  return { id, tool, ...(reason === undefined ? {} : { reason }) };
}

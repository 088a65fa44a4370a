/**
 * One row of a run's log as our own event. Some formatters nest the event in its envelope; the published form is flat. Both
 * are read. The members are checked here and not by `RunEventSchema`: a run may have a hundred thousand events, and a
 * checker that zod compiles for them costs more than short runs have events.
 */
import { isObject } from "../../support/objects.ts";
import type { RunEvent } from "../model.ts";

type Members = Readonly<Record<string, unknown>>;

/** Returns `undefined` for a type this version does not know, and for an event that lacks what its type requires. */
export function decodeRunEvent(row: unknown): RunEvent | undefined {
  if (!isObject(row)) return undefined;
  if ("type" in row) return toEvent(row);
  return isObject(row.event) ? toEvent(row.event) : undefined;
}

function toEvent(event: Members): RunEvent | undefined {
  const { type, id, name } = event;
  switch (type) {
    case "text":
    case "thinking":
      return isText(event.text) ? { type, text: event.text } : undefined;
    case "tool_call":
      if (!isText(id) || !isText(name)) return undefined;
      return { type, id, name, arguments: textOf(event.arguments), status: textOf(event.status) };
    case "tool_result": {
      const { content, is_error: isError } = event;
      if (!isText(id) || !isText(content) || typeof isError !== "boolean") return undefined;
      return { type, id, content, isError, code: textOf(event.code) };
    }
    case "tool_audit": {
      const { tool, reason } = event;
      return isText(id) && isText(tool) && isText(reason) ? { type, id, tool, reason } : undefined;
    }
    case "workflow":
      if (!isText(event.state)) return undefined;
      return { type, state: event.state, checkpointId: textOf(event.checkpoint_id), details: event.details };
    case "approval_wait":
      return {
        type,
        checkpointId: textOf(event.checkpoint_id),
        reason: textOf(event.reason),
        toolCallId: textOf(event.tool_call_id),
      };
    case "approval_decision":
      return isText(event.decision) ? { type, decision: event.decision } : undefined;
    case "guardrail_pass":
      return isText(name) && isText(event.target) ? { type, name, target: event.target } : undefined;
    case "guardrail_fail": {
      const { target, action, message } = event;
      if (!isText(name) || !isText(target) || !isText(action) || !isText(message)) return undefined;
      return { type, name, target, action, message };
    }
    case "handoff":
      return isText(event.to_agent)
        ? { type, toAgent: event.to_agent, fromAgent: textOf(event.from_agent) }
        : undefined;
    case "artifact": {
      const { kind, size_bytes: size } = event;
      if (!isText(id) || !isText(kind)) return undefined;
      const sizeBytes = typeof size === "number" ? size : undefined;
      return { type, id, kind, uri: textOf(event.uri), sha256: textOf(event.sha256), sizeBytes };
    }
    case "done":
      return isText(event.status) ? { type, status: event.status, reason: textOf(event.reason) } : undefined;
    case "compaction_started":
    case "compaction_finished":
      return { type };
    case "error": {
      const { message, retryable } = event;
      if (!isText(message)) return undefined;
      const mayRetry = typeof retryable === "boolean" ? retryable : undefined;
      return { type, message, code: textOf(event.code), cause: textOf(event.cause), retryable: mayRetry };
    }
    default:
      return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** An optional member; one of another type counts as absent. */
function textOf(value: unknown): string | undefined {
  return isText(value) ? value : undefined;
}

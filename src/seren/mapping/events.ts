/**
 * One row of a run's log as our own event. Some formatters nest the event in its envelope; the wire form is flat. Both are
 * read, and of each event every member that can be used.
 */
import { isObject } from "../../support/objects.ts";
import type { RunEvent } from "../model.ts";
import { addressIn, contentIn, flagIn, idIn, nameIn, numberIn, phraseIn, textIn } from "./members.ts";

/** Returns `undefined` for a type this version does not know, and for a text event without text. */
export function decodeRunEvent(row: unknown): RunEvent | undefined {
  const event = eventIn(row);
  return event && toEvent(event);
}

/** Returns what a row says it is, whether or not this version knows the word. */
export function kindOfRow(row: unknown): string | undefined {
  return nameIn(eventIn(row)?.type);
}

function eventIn(row: unknown): Record<string, unknown> | undefined {
  if (!isObject(row)) return undefined;
  return "type" in row || !isObject(row.event) ? row : row.event;
}

function toEvent(row: Record<string, unknown>): RunEvent | undefined {
  switch (row.type) {
    case "text": {
      const text = textIn(row.text);
      return text === undefined ? undefined : { type: row.type, text };
    }
    case "thinking": {
      const text = textIn(row.text);
      return text === undefined ? undefined : { type: row.type, text, durationMs: numberIn(row.duration_ms) };
    }
    case "tool_call":
      return {
        type: row.type,
        id: toolIdOf(row, "call"),
        name: nameIn(row.name) ?? "tool",
        arguments: contentIn(row.arguments),
        status: nameIn(row.status),
      };
    case "tool_result":
      return {
        type: row.type,
        id: toolIdOf(row, "result"),
        content: contentIn(row.content) ?? "",
        isError: flagIn(row.is_error) ?? false,
        code: nameIn(row.code),
      };
    case "tool_audit":
      return {
        type: row.type,
        id: toolIdOf(row, "audit"),
        tool: nameIn(row.tool) ?? "tool",
        reason: phraseIn(row.reason) ?? "",
        latencyMs: numberIn(row.latency_ms),
      };
    case "workflow":
      return {
        type: row.type,
        state: nameIn(row.state) ?? "",
        checkpointId: idIn(row.checkpoint_id),
        details: row.details,
      };
    case "approval_wait":
      return {
        type: row.type,
        checkpointId: idIn(row.checkpoint_id),
        reason: phraseIn(row.reason),
        toolCallId: idIn(row.tool_call_id),
      };
    case "approval_decision":
      return { type: row.type, decision: nameIn(row.decision) ?? "", toolCallId: idIn(row.tool_call_id) };
    case "guardrail_pass":
      return { type: row.type, name: nameIn(row.name) ?? "", target: nameIn(row.target) ?? "" };
    case "guardrail_fail":
      return {
        type: row.type,
        name: nameIn(row.name) ?? "",
        target: nameIn(row.target) ?? "",
        action: nameIn(row.action) ?? "",
        message: phraseIn(row.message) ?? "no reason was given",
      };
    case "handoff":
      return { type: row.type, toAgent: nameIn(row.to_agent) ?? "", fromAgent: nameIn(row.from_agent) };
    case "artifact": {
      const uri = addressIn(row.uri);
      const id = idIn(row.id) ?? uri ?? rowId(row, "artifact");
      return {
        type: row.type,
        id,
        kind: nameIn(row.kind) ?? "artifact",
        uri,
        sha256: nameIn(row.sha256),
        sizeBytes: numberIn(row.size_bytes),
      };
    }
    case "done":
      return { type: row.type, status: nameIn(row.status) ?? "", reason: phraseIn(row.reason) };
    case "compaction_started":
    case "compaction_finished":
      return { type: row.type };
    case "error":
      return {
        type: row.type,
        message: phraseIn(row.message) ?? nameIn(row.code) ?? "the run reported an error without a message",
        code: nameIn(row.code),
        cause: phraseIn(row.cause),
        retryable: flagIn(row.retryable),
      };
    default:
      return undefined;
  }
}

/** A tool event without a usable id gets one of its own: it is shown, and paired with no other. */
function toolIdOf(row: Record<string, unknown>, kind: string): string {
  return idIn(row.id) ?? rowId(row, kind);
}

/** The same for the same row, wherever it is read: from the stream, the log or the record. */
function rowId(row: Record<string, unknown>, kind: string): string {
  return `${kind}-${idIn(row.sequence_number) ?? idIn(row.item_id) ?? "unnamed"}`;
}

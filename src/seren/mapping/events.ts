/** One row of a run's log as our own event. Some formatters nest the event in its envelope; the wire form is flat. Both are read. */

import type * as z from "zod";
import { RunEventSchema } from "#protocols/seren-cloud";
import { JITLESS } from "../../support/zod.ts";
import type { RunEvent } from "../model.ts";

/** A process that decodes so many will decode more: from here on the compiled checker pays. */
const COMPILE_AFTER = 2_000;
let decoded = 0;

/** Returns `undefined` for a type this version does not know, and for an event that lacks what its type requires. */
export function decodeRunEvent(row: unknown): RunEvent | undefined {
  decoded += 1;
  const parsed = RunEventSchema.safeParse(row, decoded > COMPILE_AFTER ? undefined : JITLESS);
  if (parsed.success) return toEvent(parsed.data);
  if (typeof row !== "object" || row === null || "type" in row || !("event" in row)) return undefined;
  const nested = RunEventSchema.safeParse(row.event, JITLESS).data;
  return nested && toEvent(nested);
}

function toEvent(wire: z.output<typeof RunEventSchema>): RunEvent {
  const { type } = wire;
  switch (type) {
    case "text":
    case "thinking":
      return { type, text: wire.text };
    case "tool_call":
      return {
        type,
        id: wire.id,
        name: wire.name,
        arguments: wire.arguments ?? undefined,
        status: wire.status ?? undefined,
      };
    case "tool_result":
      return { type, id: wire.id, content: wire.content, isError: wire.is_error, code: wire.code ?? undefined };
    case "tool_audit":
      return { type, id: wire.id, tool: wire.tool, reason: wire.reason };
    case "workflow":
      return { type, state: wire.state, checkpointId: wire.checkpoint_id ?? undefined, details: wire.details };
    case "approval_wait":
      return {
        type,
        checkpointId: wire.checkpoint_id ?? undefined,
        reason: wire.reason ?? undefined,
        toolCallId: wire.tool_call_id ?? undefined,
      };
    case "approval_decision":
      return { type, decision: wire.decision };
    case "guardrail_pass":
      return { type, name: wire.name, target: wire.target };
    case "guardrail_fail":
      return { type, name: wire.name, target: wire.target, action: wire.action, message: wire.message };
    case "handoff":
      return { type, toAgent: wire.to_agent, fromAgent: wire.from_agent ?? undefined };
    case "artifact":
      return {
        type,
        id: wire.id,
        kind: wire.kind,
        uri: wire.uri ?? undefined,
        sha256: wire.sha256 ?? undefined,
        sizeBytes: wire.size_bytes ?? undefined,
      };
    case "done":
      return { type, status: wire.status, reason: wire.reason ?? undefined };
    case "compaction_started":
    case "compaction_finished":
      return { type };
    case "error":
      return {
        type,
        message: wire.message,
        code: wire.code ?? undefined,
        cause: wire.cause ?? undefined,
        retryable: wire.retryable ?? undefined,
      };
  }
}

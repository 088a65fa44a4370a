/**
 * What a run may have changed in the world, by its log. Only kinds of events that are known to change nothing are passed over:
 * a kind that a later service adds, or a row that cannot be read, may be anything.
 */
import { decodeRunEvent, kindOfRow, type RunEvent } from "../../seren/index.ts";

const HARMLESS: ReadonlySet<string> = new Set<RunEvent["type"]>([
  "text",
  "thinking",
  "workflow",
  "approval_wait",
  "guardrail_pass",
  "guardrail_fail",
  "artifact",
  "compaction_started",
  "compaction_finished",
  "error",
  "done",
]);

/** Returns words for it, in order, each once. */
export function tracesIn(rows: readonly unknown[]): string[] {
  const traces = new Set(rows.flatMap(traceIn));
  if (traces.size === 0 && rows.some((row) => kindOfRow(row) === "tool_result")) traces.add("an unnamed tool");
  return [...traces];
}

function traceIn(row: unknown): string | [] {
  const kind = kindOfRow(row);
  if (kind !== undefined && HARMLESS.has(kind)) return [];
  const event = decodeRunEvent(row);
  switch (event?.type) {
    case "tool_call":
      return event.name || "an unnamed tool";
    case "tool_audit":
      return event.tool || "an unnamed tool";
    case "tool_result": // its call says more
      return [];
    case "handoff":
      return `the agent ${event.toAgent}`;
    case "approval_decision":
      return "a step that was decided";
    default:
      return kind === undefined ? "an event that cannot be read" : `an event of the kind ${kind}`;
  }
}

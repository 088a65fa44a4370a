/** A transcript as the lines of `run --json`. */
import type { TranscriptEntry } from "../../../core/index.ts";
import { eventLine, outcomeLine, runFields, usageFields } from "../live/run-output-lines.ts";
import type { RunOutputLine } from "../live/run-output-schema.ts";
import { type Subject, warningsOf } from "./facts.ts";

export function* jsonLinesOf(subject: Subject): Generator<RunOutputLine, void, void> {
  const { run, input, state, entries, approvals, usage, outcome } = subject.transcript;
  const phase = outcome || state === "running" ? "running" : state === "queued" ? state : "awaiting_approval";
  yield { type: "status", phase, ...runFields(run) };
  if (input) yield { type: "input", ...input };
  for (const entry of entries) yield lineOf(entry);
  if (approvals.length > 0) yield eventLine({ type: "approval_wait", approvals });
  if (usage) yield { type: "usage", usage: usageFields(usage) };
  if (!outcome || !subject.transcript.isWhole)
    for (const message of warningsOf(subject)) yield { type: "notice", level: "warning", message };
  if (outcome) yield outcomeLine(outcome);
}

function lineOf({ event }: TranscriptEntry): RunOutputLine {
  return event.type === "decision"
    ? { type: "notice", level: "info", message: `approval: ${event.decision}` }
    : eventLine(event);
}

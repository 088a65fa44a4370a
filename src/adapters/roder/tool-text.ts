/** What the tools say about a run. */
import type { ToolResult } from "#protocols/roder-extension-0.2";
import type { RunReport } from "../../core/index.ts";
import { clipCharacters } from "../../support/clip.ts";
import { approvalText, exitReason, headline } from "./endings.ts";
import { oneLine, phaseWord } from "./status.ts";
import type { ToolRun } from "./tool-runs.ts";

/** Below what the host moves into an artifact (20,000 characters or 200 lines); some providers get the text uncut. */
const MAX_CHARS = 16_000;
const MAX_LINES = 190;
/** Longest answer or excerpt inside a report; its last lines say what to do next and must not be cut. */
const MAX_EXCERPT_CHARS = 14_000;
const MAX_EXCERPT_LINES = 170;

export function capText(text: string, maxChars = MAX_CHARS, maxLines = MAX_LINES): string {
  const lines = text.toWellFormed().split("\n");
  const kept =
    lines.length > maxLines ? [...lines.slice(0, maxLines - 1), "...[truncated]"].join("\n") : lines.join("\n");
  return clipCharacters(kept, maxChars);
}

/** For long runs the model can schedule its own look back; nothing of ours may wait that long. */
export function startedText({ run, ticket }: ToolRun): string {
  const first = run
    ? `Started run ${run.runId}.${run.url ? ` ${run.url}` : ""}`
    : `Starting; the run has no id of its own yet, use ${ticket} for it.`;
  return [
    first,
    "It goes on by itself. Ask seren_run_status for news and for the answer.",
    "If it takes long, use subscribe_event to be brought back to it instead of asking in a loop.",
  ].join("\n");
}

export function reportText(report: RunReport): string {
  const { outcome, run } = report;
  const link = run.url ? [`Run: ${run.url}`] : [];
  if (outcome) {
    const why = headline(outcome);
    const answer = excerpt(outcome.text);
    return [
      why ?? "completed",
      ...(answer ? ["", answer] : []),
      "",
      ...cutNote(outcome.text, answer, run.runId),
      ...link,
    ]
      .join("\n")
      .trimEnd();
  }
  const state = report.detail ? `${phaseWord(report.phase)}: ${oneLine(report.detail)}` : phaseWord(report.phase);
  const waiting =
    report.approvals.length > 0 ? [approvalText(report.approvals, run, "It waits for a person's approval")] : [];
  const text = excerpt(report.text);
  return [state, ...waiting, ...(text ? ["", text] : []), "", `cursor: ${report.cursor}`, ...link].join("\n");
}

/** `thread_id` and `turn_id` make Roder list an ended run in its agent overview. */
export function reportData(report: RunReport, agentType: string | undefined): NonNullable<ToolResult["data"]> {
  const { runId } = report.run;
  const { outcome } = report;
  return {
    run_id: runId,
    cursor: report.cursor,
    status: outcome?.kind ?? phaseWord(report.phase),
    ...(outcome && {
      thread_id: runId,
      turn_id: runId,
      agent_type: agentType ?? "seren-cloud",
      model: outcome.model ?? null,
      exit_reason: exitReason(outcome),
    }),
  };
}

function excerpt(text: string): string {
  return capText(text.trim(), MAX_EXCERPT_CHARS, MAX_EXCERPT_LINES);
}

function cutNote(whole: string, shown: string, runId: string): string[] {
  return shown === whole.toWellFormed().trim() ? [] : [`The whole answer: seren-bridge runs show ${runId}`];
}

/** The results of the tools, as text for a model. */
import type { ToolResult } from "#protocols/roder-extension";
import { type BackgroundRun, type Outcome, type RunReport, showRunCommand } from "../../../core/index.ts";
import { conversationOf, goOn, lookCall, NOT_YOURS, notOver } from "../../../model-tools/index.ts";
import { clipCharacters } from "../../../support/clip.ts";
import { exitReason } from "../reporting/exit-reason.ts";
import { approvalText, artifactText, headline, unfinishedNote } from "../reporting/outcome-text.ts";
import { oneLine, phaseWord } from "../reporting/status-text.ts";

/** The host moves results above 20,000 characters or 200 lines into an artifact; these limits are lower. */
const MAX_CHARS = 16_000;
const MAX_LINES = 190;
/** Limits of the answer within a report, whose last lines say what to do next and must not be cut. */
const MAX_EXCERPT_CHARS = 14_000;
const MAX_EXCERPT_LINES = 170;
/** The host repeats a reminder at this interval, at most so often. With a delay alone it would come once. */
const REMINDER_SECONDS = 60;
const MAX_REMINDERS = 1000;
const CHARS_OF_A_LINE = Math.ceil(MAX_EXCERPT_CHARS / MAX_EXCERPT_LINES);

export function capText(text: string, maxChars = MAX_CHARS, maxLines = MAX_LINES): string {
  const lines = text.toWellFormed().split("\n");
  const kept =
    lines.length > maxLines ? [...lines.slice(0, maxLines - 1), "...[truncated]"].join("\n") : lines.join("\n");
  return clipCharacters(kept, maxChars);
}

/**
 * A model sees this text and nothing of the result's `data`, so everything it has to know is here: the id, how to look at
 * the run, what ends it, and how the model is called again when its own turn ends first (by Roder's `subscribe_event`).
 */
export function startedText({ run, temporaryId }: BackgroundRun, timeoutMs: number): string {
  const id = run?.runId ?? temporaryId;
  const look = lookCall({ run_id: id });
  const back = {
    topic: "seren-run",
    prompt: `Look at Seren Cloud run ${id} with seren_run_status. Once it is over, end this with cancel_event_subscription.`,
    intervalSeconds: REMINDER_SECONDS,
    maxDeliveries: Math.min(Math.ceil(timeoutMs / 1000 / REMINDER_SECONDS) + 1, MAX_REMINDERS),
  };
  return [
    run
      ? `Started run ${id}.${run.url ? ` ${run.url}` : ""}`
      : `Starting; the run has no id of its own yet, use ${id} for it.`,
    `News and the answer: ${look}.`,
    `The run is cancelled after ${Math.round(timeoutMs / 1000)} seconds, or when Roder exits.`,
    `Do other work meanwhile instead of asking in a loop. If the session stays open you can be brought back: subscribe_event ${JSON.stringify(back)}.`,
  ].join("\n");
}

/** `since` is the cursor of the request; 0 for the beginning. */
export function reportText(report: RunReport, since: number): string {
  return (report.outcome ? endedLines(report, report.outcome) : liveLines(report, since)).join("\n").trimEnd();
}

function endedLines({ run }: RunReport, outcome: Outcome): string[] {
  const why = headline(outcome);
  const answer = excerpt(outcome.text);
  const note = unfinishedNote(outcome);
  const lead = why ?? `completed${note ? ` ${note}` : ""}. Its answer:`;
  const artifacts = artifactText(outcome.artifacts);
  return [
    answer || why !== undefined ? lead : "completed, without an answer in words",
    ...(answer ? ["", ...(why === undefined ? [] : ["What it had produced until then:"]), answer] : []),
    "",
    ...cutNote(outcome.text, answer, run.runId),
    ...(artifacts ? [artifacts] : []),
    ...linkLine(run),
    ...goOnLine(run),
  ];
}

function liveLines({ phase, detail, approvals, run, text, cursor }: RunReport, since: number): string[] {
  const waiting =
    approvals.length > 0 ? [approvalText(approvals, { run, lead: "It waits for a person's approval" }), NOT_YOURS] : [];
  // Its edges stay: the next look goes on in the middle of a line, or of a code block.
  const said = text.trim() && capText(text, MAX_EXCERPT_CHARS, MAX_EXCERPT_LINES);
  return [
    detail ? `${phaseWord(phase)}: ${oneLine(detail)}` : phaseWord(phase),
    ...waiting,
    "",
    ...(said ? [since > 0 ? "Said since the last look:" : "Said so far:", said] : ["Nothing new was said."]),
    "",
    notOver(lookCall({ run_id: run.runId, cursor })),
    ...linkLine(run),
  ];
}

function goOnLine(run: RunReport["run"]): string[] {
  const conversation = conversationOf(run);
  return conversation === undefined ? [] : [goOn(conversation)];
}

function linkLine({ url }: RunReport["run"]): string[] {
  return url ? [`Run: ${url}`] : [];
}

/** `thread_id` and `turn_id` make Roder list an ended run in its agent overview. */
export function reportData(report: RunReport, agentType: string | undefined): NonNullable<ToolResult["data"]> {
  const { runId } = report.run;
  const { outcome } = report;
  return {
    run_id: runId,
    cursor: report.cursor,
    status: outcome?.kind ?? phaseWord(report.phase),
    ...(report.run.conversationId === undefined ? {} : { conversation: report.run.conversationId }),
    ...(outcome && {
      thread_id: runId,
      turn_id: runId,
      agent_type: agentType ?? "seren-cloud",
      model: null,
      exit_reason: exitReason(outcome),
    }),
  };
}

/** Returns the room for the text since the cursor. An ended run shows its answer in its place. */
export function roomForText(outcome: Outcome | undefined): number {
  return outcome ? Number.POSITIVE_INFINITY : MAX_EXCERPT_CHARS;
}

/** What a text takes of that room, so that neither its characters nor its lines are above the limits. */
export function excerptSize(text: string): number {
  return text.length + CHARS_OF_A_LINE * (text.split("\n").length - 1);
}

function excerpt(text: string): string {
  return capText(text.trim(), MAX_EXCERPT_CHARS, MAX_EXCERPT_LINES);
}

function cutNote(whole: string, shown: string, runId: string): string[] {
  return shown === whole.toWellFormed().trim() ? [] : [`The whole answer: ${showRunCommand(runId)}`];
}

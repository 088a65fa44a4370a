/** The result of a dispatch. A model reads only `final_message`, so everything that matters is in it. */
import type { SubagentResult } from "#protocols/roder-extension";
import { type Outcome, withAdvice } from "../../../core/index.ts";
import { clipCharacters } from "../../../support/clip.ts";
import { exitReason } from "../reporting/exit-reason.ts";
import { clipToWire, firstFitting, MAX_OBJECT_BYTES } from "../reporting/fit-line.ts";
import { artifactList, costs, tokenUsage } from "../reporting/outcome-data.ts";
import { artifactText, headline, unfinishedNote } from "../reporting/outcome-text.ts";

/** Longest `final_message` in characters, when the definition has no limit of its own. */
export const DEFAULT_RESULT_CHARS = 20_000;
const MAX_ARTIFACTS_IN_METADATA = 50;

export interface ResultContext {
  /** Used in place of the run's id when the service kept no record of the run. */
  dispatchId: string;
  /** The agent that ran. */
  agentType: string;
  /** The model in the agent's definition. The record of a run does not name its model. */
  model?: string | null;
  maxChars: number;
  lane?: string | null;
}

export function toSubagentResult(outcome: Outcome, context: ResultContext): SubagentResult {
  const whole: SubagentResult = {
    thread_id: outcome.run?.runId ?? context.dispatchId,
    turn_id: outcome.run?.runId ?? context.dispatchId,
    agent_type: context.agentType,
    model: context.model ?? null,
    final_message: finalMessage(outcome, context.maxChars),
    usage: tokenUsage(outcome),
    exit_reason: exitReason(outcome),
    metadata: metadata(outcome, context),
  };
  const lean = () => ({ ...whole, metadata: leanMetadata(outcome) });
  const clipped = () => ({ ...lean(), final_message: clipToWire(whole.final_message, MAX_OBJECT_BYTES / 2) });
  return firstFitting([() => whole, lean, clipped]) ?? whole;
}

/**
 * Returns the answer, or why the run did not complete and what it had produced; then its artifacts and its page. Cut as the
 * host cuts its own subagents' messages, but what follows the answer is kept.
 */
function finalMessage(outcome: Outcome, maxChars: number): string {
  const why = headline(outcome);
  const { text } = outcome;
  const parts =
    why === undefined
      ? [text, unfinishedNote(outcome)]
      : [why, text.trim() && `What it had produced until then:\n${text.trimEnd()}`];
  const body = parts.filter(Boolean).join("\n\n") || "The run completed without an answer in words.";
  const tail = afterword(outcome);
  const room = maxChars - Array.from(tail).length;
  return (room > maxChars / 2 ? clipCharacters(body, room) + tail : clipCharacters(body, maxChars)).toWellFormed();
}

function afterword(outcome: Outcome): string {
  const artifacts = artifactText(outcome.artifacts);
  return (artifacts && `\n\n${artifacts}`) + (outcome.run?.url ? `\n\nRun: ${outcome.run.url}` : "");
}

function metadata(outcome: Outcome, { lane }: ResultContext): SubagentResult["metadata"] {
  return {
    ...leanMetadata(outcome),
    stop_reason: outcome.stopReason ?? null,
    url: outcome.run?.url ?? null,
    costs: costs(outcome),
    execution_time_ms: outcome.usage?.durationMs ?? null,
    artifacts: artifactList(outcome.artifacts, MAX_ARTIFACTS_IN_METADATA),
    ...(lane ? { lane } : {}),
  };
}

function leanMetadata(outcome: Outcome): SubagentResult["metadata"] {
  const reason = exitReason(outcome);
  const error = {
    kind: reason === "failed" ? outcome.kind : reason,
    message: clipToWire(outcome.error ? withAdvice(outcome.error) : (headline(outcome) ?? ""), 4000),
    code: outcome.error?.code ?? null,
    retryable: outcome.error?.retryable ?? null,
  };
  return {
    run_id: outcome.run?.runId ?? null,
    deployment_id: outcome.run?.deploymentId ?? null,
    conversation: outcome.run?.conversationId ?? null,
    status: outcome.kind,
    ...(reason === "completed" ? {} : { error }),
  };
}

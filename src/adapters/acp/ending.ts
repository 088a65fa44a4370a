/** The end of a run as the result of a turn, or as the error that takes its place: this protocol has no stop reason for it. */
import type { PromptResult } from "#protocols/acp";
import { cutOf, cutWords, type Outcome, withAdvice } from "../../core/index.ts";
import { clipBytes } from "../../support/clip.ts";
import { ExecutionFailure } from "../../support/failure.ts";

type StopReason = PromptResult["stopReason"];

const MAX_REASON_BYTES = 16 * 1024;
const MAX_CODE_BYTES = 200;

/** Returns the result, and what should be said before it. Throws for a run that ended badly. */
export function endingOf(outcome: Outcome): { result: PromptResult; words: string | undefined } {
  const stopReason = stopReasonOf(outcome);
  if (stopReason === undefined) throw badEnd(outcome);
  const words = outcome.kind === "completed" ? outcome.cut && cutWords(outcome.cut) : reasonOf(outcome);
  return { result: resultOf(stopReason, outcome), words: stopReason === "cancelled" ? undefined : words };
}

/** The result of a turn that was cancelled, of which the end of the run may not be known yet. */
export function cancelledResult(outcome?: Outcome): PromptResult {
  return outcome ? resultOf("cancelled", outcome) : { stopReason: "cancelled" };
}

function stopReasonOf({ kind, cut, stopReason, error }: Outcome): StopReason | undefined {
  if (kind === "cancelled") return "cancelled";
  if (kind !== "completed" && kind !== "failed" && kind !== "blocked") return undefined;
  const why = kind === "completed" ? cut : cutOf(stopReason ?? error?.code);
  if (why === "steps") return "max_turn_requests";
  if (why === "length") return "max_tokens";
  // It makes clients drop the prompt from the history, so nothing but the word itself stands for it.
  if (stopReason?.toLowerCase() === "refusal") return "refusal";
  return kind === "completed" ? "end_turn" : undefined;
}

function resultOf(stopReason: StopReason, { run, usage }: Outcome): PromptResult {
  const meta: NonNullable<PromptResult["_meta"]> = {};
  if (run) meta["seren-bridge/run"] = { runId: run.runId, ...(run.url ? { url: run.url } : {}) };
  if (usage) meta["seren-bridge/usage"] = { ...usage };
  return { stopReason, ...(run || usage ? { _meta: meta } : {}) };
}

function reasonOf({ error, kind }: Outcome): string {
  return clipBytes(error ? withAdvice(error) : `the run ended: ${kind}`, MAX_REASON_BYTES);
}

function badEnd(outcome: Outcome): ExecutionFailure {
  const { error, run } = outcome;
  const code = error?.code ? ` (${clipBytes(error.code, MAX_CODE_BYTES)})` : "";
  return new ExecutionFailure("unavailable", `${reasonOf(outcome)}${code}${run ? ` [run ${run.runId}]` : ""}`);
}

/** How a run ended, in the words and values of this host. Shared by dispatches, tasks and tools. */
import { type ExitReason, MAX_U32, type TokenUsage } from "#protocols/roder-extension";
import {
  type Approval,
  type Artifact,
  decideCommand,
  type Outcome,
  type RunRef,
  withAdvice,
} from "../../core/index.ts";
import { clipCharacters } from "../../support/clip.ts";
import type { ExecutionFailure } from "../../support/failure.ts";

/** Words by which a service says that it stopped a run for running in circles. */
const ITERATION_LIMIT = /max[_ -]?(?:iterations?|turns?|steps?)|(?:iteration|turn|step)s?[_ -]?limit/i;
const RATE_LIMIT_CODE = /rate[_ -]?limit|too[_ -]?many[_ -]?requests|^429$/i;

/** Keep the command that decides within a line of status. */
const MAX_REASON_CHARS = 100;
const MAX_APPROVALS = 3;
const MAX_ARTIFACTS_SHOWN = 10;

const STOPPED_BY = {
  host: "Roder asked for it",
  deadline: "its time limit passed",
  shutdown: "Roder is closing",
  person: "somebody asked for it",
} satisfies Record<NonNullable<Outcome["stoppedBy"]>, string>;

const EXIT_CODES = { completed: 0, max_turns: 1, failed: 1, timeout: 124, cancelled: 130 } satisfies Record<
  ExitReason,
  number
>;

export function exitReason(outcome: Outcome): ExitReason {
  switch (outcome.kind) {
    case "completed":
      return "completed";
    case "timed_out":
      return "timeout";
    case "cancelled":
      return outcome.stoppedBy === "deadline" ? "timeout" : "cancelled";
    case "awaiting_approval":
      return outcome.stoppedBy === "deadline" ? "timeout" : "failed";
    case "failed":
    case "blocked":
      return ITERATION_LIMIT.test(outcome.stopReason ?? outcome.error?.code ?? "") ? "max_turns" : "failed";
  }
}

/** 0 for a completed run and for no other; 124 and 130 as a shell would say it. */
export function exitCode(outcome: Outcome): number {
  return EXIT_CODES[exitReason(outcome)];
}

/** One sentence for a run that did not complete, or undefined for one that did. */
export function headline(outcome: Outcome): string | undefined {
  const reason = outcome.error && withAdvice(outcome.error).trim();
  const because = outcome.stoppedBy ? STOPPED_BY[outcome.stoppedBy] : undefined;
  const say = (what: string, why = reason || because) => (why ? `${what}: ${why}` : what);
  switch (outcome.kind) {
    case "completed":
      return undefined;
    case "awaiting_approval":
      return approvalText(outcome.approvals, outcome.run, say("The run is waiting for a person's approval", because));
    case "blocked":
      return say("The run was blocked");
    case "timed_out":
      return say("The run timed out");
    case "cancelled":
      return exitReason(outcome) === "timeout"
        ? say("The run timed out", because)
        : say("The run was cancelled", because ?? reason);
    case "failed":
      return exitReason(outcome) === "max_turns" ? say("The run reached its iteration limit") : say("The run failed");
  }
}

/** What waits for a person and the commands that decide it; nobody else may. */
export function approvalText(approvals: readonly Approval[], run: RunRef | undefined, lead: string): string {
  const clip = (text: string) => clipCharacters(text, MAX_REASON_CHARS, "…");
  const waiting = approvals
    .slice(0, MAX_APPROVALS)
    .map(({ tool, reason }) => clip(reason ? `${tool} (${reason})` : tool));
  if (approvals.length > MAX_APPROVALS) waiting.push(`and ${approvals.length - MAX_APPROVALS} more`);
  const what = [clip(lead), waiting.join(", ")].filter(Boolean).join(": ");
  if (!run) return what;
  return `${what}. A person decides with: ${decideCommand(run.runId)} (or reject)`;
}

/** Whether repeating the run later may help and the service says so. Makes the host back off and try again. */
export function isRateLimited(outcome: Outcome): boolean {
  if (outcome.kind !== "failed" || outcome.stoppedBy) return false;
  return RATE_LIMIT_CODE.test(outcome.error?.code ?? "") && outcome.error?.retryable !== false;
}

/** A run that exists and that we lost sight of, as an outcome: its id and what it had said are worth keeping. */
export function lostOutcome(failure: ExecutionFailure, run: RunRef, text: string): Outcome {
  const kind = failure.kind === "timed_out" || failure.kind === "cancelled" ? failure.kind : "failed";
  return { kind, run, text, error: { message: withAdvice(failure) }, artifacts: [], approvals: [] };
}

/** Null unless every counter is known; counters are clamped to what the host can read. */
export function tokenUsage(outcome: Outcome): TokenUsage | null {
  const { inputTokens, outputTokens } = outcome.usage ?? {};
  if (!isCount(inputTokens) || !isCount(outputTokens)) return null;
  // A record that was read before the bill was made says 0 and 0.
  if (inputTokens + outputTokens === 0 && outcome.kind !== "completed") return null;
  return {
    prompt_tokens: clampU32(inputTokens),
    completion_tokens: clampU32(outputTokens),
    total_tokens: clampU32(Math.trunc(inputTokens) + Math.trunc(outputTokens)),
  };
}

export function costs(outcome: Outcome): { compute_usd: string | null; inference_usd: string | null } {
  return { compute_usd: outcome.usage?.computeUsd ?? null, inference_usd: outcome.usage?.inferenceUsd ?? null };
}

/** Bounded: a run may leave thousands of artifacts. */
export function artifactList(artifacts: readonly Artifact[], max: number) {
  return artifacts
    .slice(0, max)
    .map(({ id, kind, title, uri }) => ({ id, kind, title: title ?? null, url: uri ?? null }));
}

/** What a run has left behind, for a reader; empty when that is nothing. */
export function artifactText(artifacts: readonly Artifact[]): string {
  if (artifacts.length === 0) return "";
  const shown = artifacts
    .slice(0, MAX_ARTIFACTS_SHOWN)
    .map(({ title, id, uri }) => `- ${title ?? id}${uri ? `: ${uri}` : ""}`);
  const more = artifacts.length - shown.length;
  return ["Artifacts:", ...shown, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}

function clampU32(value: number): number {
  return Math.min(Math.trunc(value), MAX_U32);
}

/** Parts of an outcome as members of the results this host is sent. */
import { MAX_U32, type TokenUsage } from "#protocols/roder-extension";
import type { Artifact, Outcome } from "../../../core/index.ts";

/** Returns null unless both counters are known. Counters are clamped to the 32 bits the host reads. */
export function tokenUsage(outcome: Outcome): TokenUsage | null {
  const { inputTokens, outputTokens } = outcome.usage ?? {};
  if (!isCount(inputTokens) || !isCount(outputTokens)) return null;
  // A record that was read before the service had counted the tokens says 0 and 0.
  if (inputTokens + outputTokens === 0 && outcome.kind !== "completed") return null;
  return {
    prompt_tokens: clampU32(inputTokens),
    completion_tokens: clampU32(outputTokens),
    total_tokens: clampU32(Math.trunc(inputTokens) + Math.trunc(outputTokens)),
  };
}

/** Decimal strings in US dollars. */
export function costs(outcome: Outcome): { compute_usd: string | null; inference_usd: string | null } {
  return { compute_usd: outcome.usage?.computeUsd ?? null, inference_usd: outcome.usage?.inferenceUsd ?? null };
}

/** Returns the first `max` artifacts: a run may leave thousands. */
export function artifactList(artifacts: readonly Artifact[], max: number) {
  return artifacts
    .slice(0, max)
    .map(({ id, kind, title, uri }) => ({ id, kind, title: title ?? null, url: uri ?? null }));
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}

function clampU32(value: number): number {
  return Math.min(Math.trunc(value), MAX_U32);
}

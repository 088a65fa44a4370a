/** What runs cost. The figures are computed from sizes, so that equal runs cost the same. */
import type { Run } from "./run.ts";

/** Money is in millionths of a dollar ("atomic"). */
export interface Costs {
  inputTokens: number;
  outputTokens: number;
  computeAtomic: number;
  inferenceAtomic: number;
}

const BYTES_PER_TOKEN = 4;

/** Costs of a run that has produced `text` in `durationMs`. Figures that the agent has set replace the computed ones. */
export function costsOf({ usage, payload }: Run, text: string, durationMs: number): Costs {
  const message = typeof payload.message === "string" ? payload.message : "";
  const inputTokens = usage.input_tokens ?? tokensOf(message);
  const outputTokens = usage.output_tokens ?? tokensOf(text);
  return {
    inputTokens,
    outputTokens,
    computeAtomic: toAtomic(usage.compute_usd) ?? Math.ceil(durationMs / 100),
    inferenceAtomic: toAtomic(usage.inference_usd) ?? inputTokens * 3 + outputTokens * 15,
  };
}

/** Body of the spend endpoint. `runs` are all runs of one deployment, newest first. */
export function spendOf(runs: readonly Run[]): object {
  let compute = 0;
  let inference = 0;
  for (const run of runs) {
    const end = run.over ? run.current.at : run.now();
    const costs = costsOf(run, run.log.text(), end - (run.startedAt ?? run.createdAt));
    compute += costs.computeAtomic;
    inference += costs.inferenceAtomic;
  }
  const first = runs.at(-1)?.createdAt;
  const last = runs[0]?.current.at;
  return {
    total_cost_usd: usdOf(compute + inference),
    compute_cost_usd: usdOf(compute),
    inference_cost_usd: usdOf(inference),
    run_count: runs.length,
    first_event_at: first === undefined ? null : new Date(first).toISOString(),
    last_event_at: last === undefined ? null : new Date(last).toISOString(),
  };
}

export const usdOf = (atomic: number) => (atomic / 1e6).toFixed(6);

const tokensOf = (text: string) => Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);

function toAtomic(usd: string | undefined): number | undefined {
  return usd === undefined ? undefined : Math.round(Number(usd) * 1e6);
}

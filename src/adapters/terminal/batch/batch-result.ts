/** A line of the results, as `batch-result-schema.ts` promises it. */
import { type RowEnd, withAdvice } from "../../../core/index.ts";
import { artifactFields, cutFields, runFields, usageFields } from "../live/run-output-lines.ts";
import type { BatchResult } from "./batch-result-schema.ts";

/** One row as it was given. */
export type Row = Readonly<Record<string, unknown>>;

export function batchResult(index: number, input: Row, end: RowEnd): BatchResult {
  const row = { index, input: { ...input } };
  if ("failure" in end) {
    const { failure, begun } = end;
    const { kind } = failure;
    const outcome = kind === "timed_out" ? "timed_out" : begun ? "unknown" : "not_started";
    const { runId, deploymentId = "" } = begun ?? {};
    const run = runFields(runId === undefined ? undefined : { runId, deploymentId });
    return { ...row, outcome, text: "", ...run, error: { message: withAdvice(failure), code: kind } };
  }
  const { kind, run, text, error, usage, artifacts } = end.outcome;
  return {
    ...row,
    outcome: kind,
    text,
    ...runFields(run),
    ...(usage ? { usage: usageFields(usage) } : {}),
    ...(error ? { error: { message: withAdvice(error), ...(error.code ? { code: error.code } : {}) } } : {}),
    ...(artifacts.length > 0 ? { artifacts: artifacts.map(artifactFields) } : {}),
    ...cutFields(end.outcome),
  };
}

/** A line of the results: what programs may rely on. Members may be added, none is renamed or removed. */
import * as z from "zod";
import { type RowEnd, withAdvice } from "../../../core/index.ts";
import {
  ArtifactSchema,
  artifactFields,
  OUTCOMES,
  RunFields,
  runFields,
  UsageSchema,
  usageFields,
} from "../live/run-output-lines.ts";

/** One row as it was given. */
export type Row = Readonly<Record<string, unknown>>;

export const BatchResultSchema = z.strictObject({
  /** Number of the row, from 0. */
  index: z.int(),
  /** The row as it was given. */
  input: z.record(z.string(), z.unknown()),
  /** `not_started`: no run was started for it. `unknown`: it is not known whether one was; it is not tried again. */
  outcome: z.enum([...OUTCOMES, "not_started", "unknown"]),
  /** The answer; partial unless the run completed. */
  text: z.string(),
  ...RunFields,
  usage: UsageSchema.optional(),
  error: z.strictObject({ message: z.string(), code: z.string().optional() }).optional(),
  artifacts: z.array(ArtifactSchema).optional(),
  /** Why the answer is not whole although the run completed. */
  cut: z.string().optional(),
});
export type BatchResult = z.output<typeof BatchResultSchema>;

export function batchResult(index: number, input: Row, end: RowEnd): BatchResult {
  const row = { index, input: { ...input } };
  if ("failure" in end) {
    const { kind } = end.failure;
    const outcome = kind === "unknown_outcome" ? "unknown" : kind === "timed_out" ? "timed_out" : "not_started";
    return { ...row, outcome, text: "", error: { message: withAdvice(end.failure), code: kind } };
  }
  const { kind, run, text, error, usage, artifacts, cut } = end.outcome;
  return {
    ...row,
    outcome: kind,
    text,
    ...runFields(run),
    ...(usage ? { usage: usageFields(usage) } : {}),
    ...(error ? { error: { message: withAdvice(error), ...(error.code ? { code: error.code } : {}) } } : {}),
    ...(artifacts.length > 0 ? { artifacts: artifacts.map(artifactFields) } : {}),
    ...(cut ? { cut } : {}),
  };
}

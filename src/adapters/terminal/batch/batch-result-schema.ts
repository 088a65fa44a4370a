/** A line of the results: what programs may rely on. Members may be added, none is renamed or removed. */
import * as z from "zod";
import { ArtifactSchema, OUTCOMES, RunFields, UsageSchema } from "../live/run-output-schema.ts";

export const BatchResultSchema = z.strictObject({
  /** Number of the row, from 0. */
  index: z.int(),
  /** The row as it was given. */
  input: z.record(z.string(), z.unknown()),
  /** `not_started`: no run was started for it. `unknown`: it is not known whether one was, or what has become of it; it is not tried again. */
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

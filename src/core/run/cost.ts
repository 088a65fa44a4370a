/** What a run has cost. Apart from its record, which only the engine reads. */
import { microsOf } from "../../support/money.ts";
import type { Usage } from "../events.ts";

/** Returns compute and inference together, in millionths of a dollar; undefined when neither is known. */
export function costOf(usage: Usage | undefined): number | undefined {
  const parts = [microsOf(usage?.computeUsd), microsOf(usage?.inferenceUsd)].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.reduce((sum, part) => sum + part, 0);
}

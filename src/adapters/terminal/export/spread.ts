/**
 * Tokens and cost over time. The service states totals only: compute is spread over the time the run took, and what the model
 * cost over what it has written.
 */
import type { RunTranscript, Usage } from "../../../core/index.ts";
import type { Item } from "./story.ts";
import type { Timeline } from "./timeline.ts";

export interface SpreadPoint {
  /** From 0, the beginning, to 1, the end. */
  at: number;
  /** Up to here, from 0 to 1. */
  written: number;
  computed: number;
}

/** Returns points from beginning to end, in order. Undefined where there is nothing to spread. */
export function spreadOf(
  { usage }: { usage?: Usage | undefined },
  items: readonly Item[],
  { bars, spans }: Timeline,
): SpreadPoint[] | undefined {
  if (!usage) return undefined;
  const start = bars.find(({ lane }) => lane === "queue")?.to ?? 0;
  const pieces = items.map((item, index) => ({ at: endOf(item, spans[index]), size: sizeOf(item) }));
  const all = pieces.reduce((sum, { size }) => sum + size, 0);
  if (all === 0) return undefined;
  const points: SpreadPoint[] = [{ at: start, written: 0, computed: 0 }];
  let written = 0;
  for (const { at, size } of pieces) {
    if (size === 0) continue;
    written += size;
    points.push({ at, written: written / all, computed: start >= 1 ? 1 : Math.max(0, (at - start) / (1 - start)) });
  }
  return [...points, { at: 1, written: 1, computed: 1 }];
}

/** When the model had written it. */
function endOf(item: Item, span: Timeline["spans"][number] | undefined): number {
  return (item.kind === "tool" ? span?.from : span?.to) ?? 0;
}

function sizeOf(item: Item): number {
  if (item.kind === "text" || item.kind === "thinking") return item.text.length;
  return item.kind === "tool" ? (item.arguments?.length ?? 0) : 0;
}

/** What a transcript has cost in parts, in dollars. */
export function costParts({ usage }: Pick<RunTranscript, "usage">): { compute: number; inference: number } {
  return { compute: Number(usage?.computeUsd ?? 0), inference: Number(usage?.inferenceUsd ?? 0) };
}

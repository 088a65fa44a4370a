/**
 * Two sittings compared. A row has changed when the notches of its two boxes do not overlap (McGill, Tukey and Larsen, 1978:
 * median ± 1.57 × interquartile range / √n), that is beyond the noise of both.
 */
import type { NamedRow, Sitting } from "./sitting.ts";
import { median, percentile } from "./stats.ts";

/** With fewer rounds a row's noise is not known. */
const LEAST_ROUNDS = 3;

export type Verdict = "WORSE" | "better" | "same" | "unknown";

export interface Change {
  id: string;
  what: string;
  before: string;
  now: string;
  verdict: Verdict;
  /** Why nothing can be said. */
  why?: string;
}

/** Of each row that both sittings have, or only one of them has. */
export function changes(before: Sitting, now: Sitting): Change[] {
  const key = ({ id, what }: NamedRow) => `${id} ${what}`;
  const earlier = new Map(before.rows.map((row) => [key(row), row]));
  const compared = now.rows.map((row): Change => {
    const old = earlier.get(key(row));
    earlier.delete(key(row));
    const both = { id: row.id, what: row.what, before: old?.figure ?? "", now: row.figure };
    return { ...both, ...(old ? judged(old, row) : { verdict: "unknown", why: "new" }) };
  });
  const ids = new Set(now.rows.map(({ id }) => id));
  const gone = [...earlier.values()]
    .filter(({ id }) => ids.has(id)) // a part of the benchmarks may have been asked for
    .map(({ id, what, figure }): Change => ({ id, what, before: figure, now: "", verdict: "unknown", why: "gone" }));
  return [...compared, ...gone];
}

function judged(old: NamedRow, row: NamedRow): Pick<Change, "verdict" | "why"> {
  if (old.met === true && row.met === false && !old.rounds && !row.rounds) return { verdict: "WORSE" };
  const [was, is] = [notch(old.rounds), notch(row.rounds)];
  if (!was || !is) return { verdict: "unknown", why: `fewer than ${LEAST_ROUNDS} rounds` };
  if (was.low <= is.high && is.low <= was.high) return { verdict: "same" };
  return { verdict: is.low > was.high === (row.moreIsBetter ?? false) ? "better" : "WORSE" };
}

/** JSON has no NaN and writes null: such a row cannot be compared. */
function notch(rounds: readonly (number | null)[] = []): { low: number; high: number } | undefined {
  const samples = rounds.filter((value): value is number => value !== null && Number.isFinite(value));
  if (samples.length < LEAST_ROUNDS) return undefined;
  const half = (1.57 * (percentile(samples, 0.75) - percentile(samples, 0.25))) / Math.sqrt(samples.length);
  return { low: median(samples) - half, high: median(samples) + half };
}

/** What makes two sittings hard to compare. */
export function differences(before: Sitting, now: Sitting): string[] {
  const parts = (["node", "machine", "scale"] as const).filter((part) => before[part] !== now[part]);
  return parts.map((part) => `${part}: ${before[part]} before, ${now[part]} now`);
}

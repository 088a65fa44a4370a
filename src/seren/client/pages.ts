/** Pages of listings. What is too large to be read at once is asked for in smaller parts. */
import { ExecutionFailure } from "../../support/failure.ts";
import type { Run } from "../model.ts";

export interface Page {
  /** As the service shows them, not yet judged; `undefined` where a row is too large to be read even alone. */
  rows: unknown[];
  hasMore: boolean;
}

/** A page of run records. Unreadable ones are left out. */
export interface RunPage {
  runs: Run[];
  /** How many were left out because of their size. */
  tooLarge: number;
  hasMore: boolean;
}

/** A page of the run's event log. Items are envelopes as the service stores them, not yet judged. */
export interface EventPage {
  events: unknown[];
  hasMore: boolean;
}

export function isTooLarge(error: unknown): boolean {
  return error instanceof ExecutionFailure && error.details.tooLarge === true;
}

/** `limit` rows from `offset` on: in one call, or in halves where that is too much. */
export async function readPage(
  ask: (limit: number, offset: number) => Promise<Page>,
  limit: number,
  offset: number,
): Promise<Page> {
  try {
    return await ask(limit, offset);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    if (limit <= 1) return { rows: [undefined], hasMore: true };
  }
  const half = Math.ceil(limit / 2);
  const first = await readPage(ask, half, offset);
  if (!first.hasMore || first.rows.length < half) return first;
  const second = await readPage(ask, limit - half, offset + half);
  return { rows: [...first.rows, ...second.rows], hasMore: second.hasMore };
}

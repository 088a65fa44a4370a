/** Pages of listings. A page that is too large to be read is requested in smaller parts. */
import { ExecutionFailure } from "../../support/failure.ts";
import type { Run } from "../model.ts";

export interface Page {
  /** As the service sends them; `undefined` where a single row is too large to be read. */
  rows: unknown[];
  hasMore: boolean;
}

/** A page of run records. */
export interface RunPage {
  runs: Run[];
  /** Number of records left out: too large, or without an id. */
  unreadable: number;
  /** Markers of the create calls whose runs are among the unreadable ones. */
  unnamedRequestIds: string[];
  hasMore: boolean;
}

/** A page of a run's event log. Rows are as the service stores them, not yet decoded. */
export interface EventPage {
  events: unknown[];
  hasMore: boolean;
}

export function isTooLarge(error: unknown): boolean {
  return error instanceof ExecutionFailure && error.details.tooLarge === true;
}

/** Whether the service answered with success, and in a way that cannot be read. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof ExecutionFailure && error.kind === "contract" && (error.details.status ?? 0) < 300;
}

/** Rows of one page that may each be too large to be read. More of them are a service that has nothing to say. */
const MAX_HUGE_ROWS = 8;

/**
 * Returns `limit` rows from `offset` on, from one call, or from two halves where the answer is too large. Rejects
 * where too many single rows are.
 */
export async function readPage(
  ask: (limit: number, offset: number) => Promise<Page>,
  limit: number,
  offset: number,
  found = { hugeRows: 0 },
): Promise<Page> {
  try {
    return await ask(limit, offset);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    if (limit <= 1) {
      found.hugeRows += 1;
      if (found.hugeRows > MAX_HUGE_ROWS) throw error;
      return { rows: [undefined], hasMore: true };
    }
  }
  const half = Math.ceil(limit / 2);
  const first = await readPage(ask, half, offset, found);
  if (!first.hasMore || first.rows.length < half) return first;
  const second = await readPage(ask, limit - half, offset + half, found);
  return { rows: [...first.rows, ...second.rows], hasMore: second.hasMore };
}

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

/** What was asked for in vain, because it was too large, on one page. More of it is a service that has nothing to say. */
const MAX_TOO_LARGE = 12;
/** An answer that is too large says nothing of its rows: so much fewer are asked for. */
const STEP = 4;
/** A page ends where it has so many characters. The rest of the listing is another page, so that no page takes more memory. */
const ENOUGH_CHARACTERS = 16 * 1024 * 1024;

/** An answer, and its length in characters. */
export interface SizedPage extends Page {
  characters: number;
}

/** How many rows to ask for at once. Remembered for a listing, so that no page has to find it out anew. */
export interface PartSize {
  rows: number;
}

/**
 * Returns `limit` rows from `offset` on, from one call, or from several for fewer rows where the answer is too large. A page
 * of large rows has fewer than `limit`, and `hasMore`; a single row that is too large is `undefined`. Rejects where there is
 * nothing but such rows. What is asked for in vain is bounded, so that reading a listing costs what its rows do.
 */
export async function readPage(
  ask: (limit: number, offset: number) => Promise<SizedPage>,
  { limit, offset }: { limit: number; offset: number },
  part: PartSize = { rows: limit },
): Promise<Page> {
  const rows: unknown[] = [];
  let inVain = 0;
  let characters = 0;
  let mayGrow = true;
  while (rows.length < limit && characters < ENOUGH_CHARACTERS) {
    const count = Math.min(part.rows, limit - rows.length);
    try {
      const page = await ask(count, offset + rows.length);
      for (const row of page.rows) rows.push(row);
      characters += page.characters;
      if (!page.hasMore || page.rows.length < count) return { rows, hasMore: page.hasMore };
      if (mayGrow && page.characters * STEP <= ENOUGH_CHARACTERS) part.rows = Math.min(limit, part.rows * STEP);
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      inVain += 1;
      if (inVain > MAX_TOO_LARGE) {
        if (rows.every((row) => row === undefined)) throw error;
        break;
      }
      part.rows = Math.ceil(count / STEP);
      mayGrow = count === 1; // the one large row is passed
      if (mayGrow) rows.push(undefined);
    }
  }
  return { rows, hasMore: true };
}

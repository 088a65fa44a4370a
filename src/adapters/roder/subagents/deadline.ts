/** The deadline of a dispatch. */
import type { SubagentRequest } from "#protocols/roder-extension";
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "../../../core/index.ts";

/**
 * How much earlier than the host we stop: this long, or this share of the time there is, whichever is less. The host starts
 * its timer when it has read our acknowledgement and unregisters the dispatch when the timer fires; it drops a result that
 * arrives later, and the caller gets an error without details. Stopping earlier leaves time to cancel the remote run, read
 * its record and deliver what it produced. It also ends runs whose dispatch the host dropped without telling us, as it does
 * when a turn is interrupted (`docs/reference/roder-process-extension-0.2.md`, section 4.2).
 */
const LEAD_MS = 3000;
const LEAD_SHARE = 0.1;

/**
 * Returns milliseconds since the epoch: the earliest of the request's own limit (30 minutes when it has none, like the
 * host's), its parent's, and one day. A limit of 0 seconds gives a deadline that has passed.
 */
export function dispatchDeadline(request: SubagentRequest, now: number): number {
  const ownMs = request.timeout_seconds == null ? DEFAULT_TIMEOUT_MS : request.timeout_seconds * 1000;
  const parentMs = (request.parent_deadline_seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const budgetMs = Math.min(ownMs, parentMs, MAX_TIMEOUT_MS);
  return now + budgetMs - Math.min(LEAD_MS, budgetMs * LEAD_SHARE);
}

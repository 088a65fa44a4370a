/** When a dispatch has to be over. */
import type { SubagentRequest } from "#protocols/roder-extension";
import { DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS } from "../../../core/index.ts";

/**
 * How much earlier than the host we stop, at most, and as a share of the time there is. The host starts its own timer when it
 * has read our acknowledgement and unregisters the dispatch when that fires, so a result that arrives later is dropped and the
 * caller gets a bare error. Stopping before that leaves time to cancel the remote run, read its record and hand over what it
 * produced; and it happens even if the host has dropped the dispatch, because an interrupted turn tells the child nothing.
 */
const LEAD_MS = 3000;
const LEAD_SHARE = 0.1;

/**
 * Milliseconds since the epoch: the earliest of the request's own limit (30 minutes when it has none, like the host), the
 * parent's and a day. A limit of 0 is a deadline that has passed.
 */
export function dispatchDeadline(request: SubagentRequest, now: number): number {
  const ownMs = request.timeout_seconds == null ? DEFAULT_TIMEOUT_MS : request.timeout_seconds * 1000;
  const parentMs = (request.parent_deadline_seconds ?? Number.POSITIVE_INFINITY) * 1000;
  const budgetMs = Math.min(ownMs, parentMs, MAX_TIMEOUT_MS);
  return now + budgetMs - Math.min(LEAD_MS, budgetMs * LEAD_SHARE);
}

/** The filters of run lists as query parameters. */
import { badRequest } from "../http/api-error.ts";
import type { Query } from "../http/query.ts";
import { BACKENDS, RUN_STATUSES, type RunFilter, SOURCES } from "../model/run-filter.ts";

/** Parameters of the list of waiting runs, which takes fewer filters than the list of runs. */
export const WAITING_PARAMETERS = [
  "limit",
  "offset",
  "compute_backend",
  "source",
  "has_artifacts",
  "started_after",
  "started_before",
  "q",
] as const;
export const LIST_PARAMETERS = [...WAITING_PARAMETERS, "conversation_id", "status"] as const;

/** Throws an `ApiError` (400) for a value that does not fit. */
export function readRunFilter(query: Query): RunFilter {
  return {
    conversationId: query.text("conversation_id"),
    statuses: readStatuses(query),
    computeBackend: query.oneOf("compute_backend", BACKENDS),
    source: query.oneOf("source", SOURCES),
    hasArtifacts: query.boolean("has_artifacts"),
    startedAfter: query.time("started_after"),
    startedBefore: query.time("started_before"),
    words: query.text("q")?.toLowerCase(),
  };
}

/** Statuses may be repeated, separated by commas, or both. */
function readStatuses(query: Query): string[] {
  const statuses = query.all("status").flatMap((value) => value.split(","));
  for (const status of statuses) {
    if (!RUN_STATUSES.some((known) => known === status)) {
      throw badRequest(`status: expected one of ${RUN_STATUSES.join(", ")}`);
    }
  }
  return statuses;
}

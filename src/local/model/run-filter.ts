/** Which runs a list shows. */
import type { Run } from "./run.ts";

export const RUN_STATUSES = [
  "queued",
  "running",
  "awaiting_approval",
  "completed",
  "failed",
  "cancelled",
  "timeout",
  "blocked",
  "error",
] as const;
export const BACKENDS = ["aws_container", "cloudflare_worker", "daytona"] as const;
export const SOURCES = ["api", "cli", "scheduler", "ui", "system", "unknown"] as const;

/** An absent member does not filter. */
export interface RunFilter {
  deploymentId?: string | undefined;
  conversationId?: string | undefined;
  /** Empty: any. */
  statuses?: readonly string[] | undefined;
  computeBackend?: string | undefined;
  source?: string | undefined;
  hasArtifacts?: boolean | undefined;
  /** Milliseconds since the epoch, the bounds included. */
  startedAfter?: number | undefined;
  startedBefore?: number | undefined;
  /** In lower case; searched for in the execution id, the status and the output, whatever their case. */
  words?: string | undefined;
}

/** Whether a run with this status at the time of the list passes the filter. */
export function passes(run: Run, status: string, filter: RunFilter): boolean {
  const { deploymentId, conversationId, statuses, computeBackend, source, hasArtifacts } = filter;
  if (deploymentId !== undefined && run.deployment.id !== deploymentId) return false;
  if (conversationId !== undefined && run.conversationId !== conversationId) return false;
  if (statuses !== undefined && statuses.length > 0 && !statuses.includes(status)) return false;
  const backend = run.deployment.body.workload.compute_backend ?? "aws_container";
  if (computeBackend !== undefined && backend !== computeBackend) return false;
  if (source !== undefined && source !== run.source) return false;
  if (hasArtifacts !== undefined && run.artifacts.length > 0 !== hasArtifacts) return false;
  const started = run.startedAt ?? run.createdAt;
  if (filter.startedAfter !== undefined && started < filter.startedAfter) return false;
  if (filter.startedBefore !== undefined && started > filter.startedBefore) return false;
  return filter.words === undefined || searchTextOf(run).includes(filter.words);
}

function searchTextOf(run: Run): string {
  const output = run.over ? (run.output ?? run.log.text()) : "";
  return `${run.executionId} ${run.status} ${run.source} ${output}`.toLowerCase();
}

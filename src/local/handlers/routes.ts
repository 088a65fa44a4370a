/**
 * Every operation of the service, a row for each path: the request that asks for it, the query parameters that it takes,
 * and the handler that carries it out. The paths are those of the published document (docs/reference/seren-cloud-api.md,
 * sections 2 and 3), below the publisher's prefix; only uploads go to a path of the service's own.
 */
import { PUBLISHER_PREFIX } from "#protocols/seren-cloud";
import type { Operation } from "../http/operations.ts";
import { type RoutePattern, RouteTable } from "../http/route-table.ts";
import * as approvals from "./approval-handlers.ts";
import * as bundles from "./bundle-handlers.ts";
import type { Handler } from "./context.ts";
import { createRun } from "./create-run.ts";
import * as deployments from "./deployment-handlers.ts";
import * as inbox from "./inbox-handlers.ts";
import { LIST_PARAMETERS, WAITING_PARAMETERS } from "./run-filters.ts";
import * as runs from "./run-handlers.ts";

export interface Route extends RoutePattern {
  /** The name in fault rules. Most operations on runs have two rows, because the document has two paths for them. */
  readonly operation: Operation;
  readonly handler: Handler;
  /** Names of the query parameters; any other name is refused. Absent: the query is not checked. */
  readonly query?: readonly string[];
}

const EVENTS = ["limit", "offset", "kind", "item_id", "q"];
const PAGE = ["limit", "offset"];
const NO_QUERY: readonly string[] = [];

// biome-ignore format: one row a line
export const ROUTES: readonly Route[] = [
  { method: "POST", pattern: "/deploy", operation: "deploy", handler: deployments.deploy },
  { method: "GET", pattern: "/deployments", operation: "deployments", handler: deployments.listDeployments, query: NO_QUERY },
  { method: "GET", pattern: "/deployments/{id}", operation: "deployment", handler: deployments.getDeployment },
  { method: "DELETE", pattern: "/deployments/{id}", operation: "delete", handler: deployments.deleteDeployment },
  { method: "POST", pattern: "/deployments/{id}/start", operation: "start", handler: deployments.startDeployment },
  { method: "POST", pattern: "/deployments/{id}/stop", operation: "stop", handler: deployments.stopDeployment },
  { method: "GET", pattern: "/deployments/{id}/spend", operation: "spend", handler: deployments.getSpend, query: NO_QUERY },
  { method: "GET", pattern: "/deployments/{id}/pending_approvals", operation: "pending", handler: approvals.listWaitingRuns, query: WAITING_PARAMETERS },
  { method: "GET", pattern: "/deployments/{id}/runs", operation: "list", handler: runs.listRuns, query: LIST_PARAMETERS },
  { method: "POST", pattern: "/deployments/{id}/runs", operation: "create_run", handler: createRun },
  { method: "GET", pattern: "/deployments/{id}/runs/{run_id}", operation: "record", handler: runs.getRun },
  { method: "GET", pattern: "/deployments/{id}/runs/{run_id}/state", operation: "state", handler: runs.getState },
  { method: "GET", pattern: "/deployments/{id}/runs/{run_id}/events", operation: "events", handler: runs.listEvents, query: EVENTS },
  { method: "GET", pattern: "/deployments/{id}/runs/{run_id}/stream", operation: "stream", handler: runs.streamRun },
  { method: "GET", pattern: "/deployments/{id}/runs/{run_id}/artifacts", operation: "artifacts", handler: runs.listArtifacts, query: PAGE },
  { method: "GET", pattern: "/deployments/{id}/runs/{run_id}/pending_approvals", operation: "approvals", handler: runs.getPendingApprovals },
  { method: "POST", pattern: "/deployments/{id}/runs/{run_id}/cancel", operation: "cancel", handler: runs.cancelRun },
  { method: "POST", pattern: "/deployments/{id}/runs/{run_id}/resume", operation: "resume", handler: approvals.resumeRun },
  { method: "GET", pattern: "/runs", operation: "list", handler: runs.listRuns, query: LIST_PARAMETERS },
  { method: "GET", pattern: "/runs/{run_id}", operation: "record", handler: runs.getRun },
  { method: "GET", pattern: "/runs/{run_id}/state", operation: "state", handler: runs.getState },
  { method: "GET", pattern: "/runs/{run_id}/events", operation: "events", handler: runs.listEvents, query: EVENTS },
  { method: "GET", pattern: "/runs/{run_id}/stream", operation: "stream", handler: runs.streamRun },
  { method: "GET", pattern: "/runs/{run_id}/artifacts", operation: "artifacts", handler: runs.listArtifacts, query: PAGE },
  { method: "GET", pattern: "/runs/{run_id}/pending_approvals", operation: "approvals", handler: runs.getPendingApprovals },
  { method: "POST", pattern: "/runs/{run_id}/cancel", operation: "cancel", handler: runs.cancelRun },
  { method: "POST", pattern: "/runs/{run_id}/resume", operation: "resume", handler: approvals.resumeRun },
  { method: "GET", pattern: "/pending_approvals", operation: "pending", handler: approvals.listWaitingRuns, query: WAITING_PARAMETERS },
  { method: "GET", pattern: "/inbox/approvals", operation: "inbox", handler: inbox.listInbox, query: ["limit", "cursor"] },
  { method: "POST", pattern: "/inbox/approvals/{entry_id}/decide", operation: "decide", handler: inbox.decideInbox },
  { method: "POST", pattern: "/deployment-bundles", operation: "register_bundle", handler: bundles.registerBundle },
  { method: "GET", pattern: "/deployment-bundles/{id}", operation: "bundle", handler: bundles.getBundle },
  { method: "POST", pattern: "/deployment-bundles/{id}/complete", operation: "complete_bundle", handler: bundles.completeBundle },
  { method: "PUT", pattern: `${bundles.UPLOAD_PREFIX}{upload_id}`, operation: "upload", handler: bundles.uploadBundle },
];

const isUpload = (path: string) => path.startsWith(bundles.UPLOAD_PREFIX);

/** Whether a request for `path` has to carry a bearer token. Upload URLs carry a signature instead. */
export const needsToken = (path: string) => !isUpload(path);

export const uploadIdIn = (path: string) => path.slice(bundles.UPLOAD_PREFIX.length);

/** The rows with their full paths. */
export const routeTable = new RouteTable(
  ROUTES.map((route) => (isUpload(route.pattern) ? route : { ...route, pattern: PUBLISHER_PREFIX + route.pattern })),
);

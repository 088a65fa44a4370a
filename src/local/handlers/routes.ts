/** Which operation a method and a path name. Operation names double as the `where` of fault rules. */
import { PUBLISHER_PREFIX } from "#protocols/seren-cloud";
import { ApiError, badRequest, notFound } from "../http/api-error.ts";

export const OPERATIONS = [
  "deploy",
  "deployments",
  "deployment",
  "delete",
  "start",
  "stop",
  "create_run",
  "list",
  "record",
  "state",
  "events",
  "stream",
  "artifacts",
  "approvals",
  "pending",
  "cancel",
  "resume",
  "spend",
  "inbox",
  "decide",
  "register_bundle",
  "complete_bundle",
  "bundle",
  "upload",
] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Route {
  operation: Operation;
  deploymentId?: string;
  runId?: string;
  bundleId?: string;
  entryId?: string;
}

/** Where presigned upload URLs point; outside the publisher prefix, and without bearer auth. */
export const UPLOAD_PREFIX = "/local-uploads/";

const RUN_READS: Readonly<Record<string, Operation>> = {
  "": "record",
  "/state": "state",
  "/events": "events",
  "/stream": "stream",
  "/artifacts": "artifacts",
  "/pending_approvals": "approvals",
};

const TABLE = new Map<string, Partial<Record<string, Operation>>>([
  ["deploy", { POST: "deploy" }],
  ["deployments", { GET: "deployments" }],
  ["deployments/:", { GET: "deployment", DELETE: "delete" }],
  ["deployments/:/start", { POST: "start" }],
  ["deployments/:/stop", { POST: "stop" }],
  ["deployments/:/spend", { GET: "spend" }],
  ["deployments/:/pending_approvals", { GET: "pending" }],
  ["deployments/:/runs", { GET: "list", POST: "create_run" }],
  ["runs", { GET: "list" }],
  ["pending_approvals", { GET: "pending" }],
  ["inbox/approvals", { GET: "inbox" }],
  ["inbox/approvals/:/decide", { POST: "decide" }],
  ["deployment-bundles", { POST: "register_bundle" }],
  ["deployment-bundles/:", { GET: "bundle" }],
  ["deployment-bundles/:/complete", { POST: "complete_bundle" }],
  ...["runs/:", "deployments/:/runs/:"].flatMap((run) => [
    ...Object.entries(RUN_READS).map(
      ([tail, operation]) => [`${run}${tail}`, { GET: operation }] as [string, Partial<Record<string, Operation>>],
    ),
    [`${run}/cancel`, { POST: "cancel" }] as [string, Partial<Record<string, Operation>>],
    [`${run}/resume`, { POST: "resume" }] as [string, Partial<Record<string, Operation>>],
  ]),
]);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Throws a `Problem` (404, 405, or 400 for an id that is not a UUID). `path` is without its query. */
export function matchRoute(method: string, path: string): Route {
  if (path.startsWith(UPLOAD_PREFIX)) {
    if (method !== "PUT") throw new ApiError(405, "MethodNotAllowed", "Only PUT is possible here", { allow: "PUT" });
    return { operation: "upload", bundleId: path.slice(UPLOAD_PREFIX.length) };
  }
  if (!path.startsWith(`${PUBLISHER_PREFIX}/`)) throw notFound(`Path ${path}`);
  const parts = path.slice(PUBLISHER_PREFIX.length + 1).split("/");
  const route: Partial<Route> = {};
  for (let index = 1; index < parts.length; index += 1) {
    const part = parts[index] ?? "";
    const after = parts[index - 1];
    if (index === 1 && after === "deployments") route.deploymentId = part.toLowerCase();
    else if (index === 1 && after === "deployment-bundles") route.bundleId = part.toLowerCase();
    else if (after === "runs" && (index === 1 || (index === 3 && route.deploymentId !== undefined)))
      route.runId = part.toLowerCase();
    else if (index === 2 && parts[0] === "inbox") route.entryId = decode(part);
    else continue;
    parts[index] = ":";
  }
  const methods = TABLE.get(parts.join("/"));
  if (methods === undefined) throw notFound(`Path ${path}`);
  const operation = methods[method];
  if (operation === undefined) {
    const allow = Object.keys(methods).join(", ");
    throw new ApiError(405, "MethodNotAllowed", `Only ${allow} is possible here`, { allow });
  }
  for (const id of [route.deploymentId, route.runId, route.bundleId]) {
    if (id !== undefined && !UUID.test(id)) throw badRequest("Invalid URL: an id in the path is not a UUID");
  }
  return { ...route, operation };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest("Invalid URL: broken percent-encoding");
  }
}

/** What a handler is given: the state of the service, and one request. */
import type { Ambient } from "../../support/ambient.ts";
import type { FaultRule, Faults } from "../faults/faults.ts";
import { notFound } from "../http/api-error.ts";
import type { LocalReply, LocalRequest } from "../http/exchange.ts";
import type { Query } from "../http/query.ts";
import type { PathParameters } from "../http/route-table.ts";
import type { Bundles } from "../model/bundles.ts";
import type { CloudStore } from "../model/cloud-store.ts";
import type { Deployment } from "../model/deployments.ts";
import type { Run } from "../model/run.ts";
import type { RunStore } from "../model/run-store.ts";
import type { Lag } from "../model/run-views.ts";
import type { Schedules } from "../model/schedules.ts";
import type { Lease } from "./body-schemas.ts";
import type { DecisionLog } from "./decisions.ts";

export interface Counters {
  createsReceived: number;
  cancelsReceived: number;
  deploymentsCreated: number;
  deploymentsDeleted: number;
  openStreams: number;
}

export interface InboxOptions {
  /** Whether blocked egress can be decided, or is only listed (501). */
  readonly blockedEgress: "decidable" | "listed";
  /** Whether entries offer a lease, and `allow_always` is taken. */
  readonly leases: boolean;
}

export interface ServiceContext {
  readonly ambient: Ambient;
  readonly deployments: Map<string, Deployment>;
  readonly runs: RunStore;
  readonly bundles: Bundles;
  readonly schedules: Schedules;
  readonly store: CloudStore | undefined;
  readonly counters: Counters;
  readonly deployMs: number;
  readonly keepAliveMs: number;
  /** First text of every stream. */
  readonly preamble: string;
  readonly inlineRuns: "tracked" | "untracked";
  readonly decisions: DecisionLog;
  readonly inbox: InboxOptions;
  readonly leasesGranted: Lease[];
  readonly faults: Faults;
}

/** The headers and the body are the request's own. */
export interface RequestContext extends Pick<LocalRequest, "headers" | "body" | "content"> {
  readonly path: PathParameters;
  /** The parameters that the operation's row in `routes.ts` names; none where the row names no query. */
  readonly query: Query;
  /** The query as it was sent, without its question mark. */
  readonly search: string;
  /** Origin that the request was sent to. */
  readonly origin: string;
  /** The fault rules that apply to this request. */
  readonly rules: readonly FaultRule[];
  readonly lag: Lag;
  readonly signal: AbortSignal | undefined;
}

/** Carries out one operation. Throws an `ApiError` for a request that it refuses. */
export type Handler = (service: ServiceContext, request: RequestContext) => LocalReply | Promise<LocalReply>;

/** Returns what the path has for `{name}`. Throws when the operation's pattern has no such name. */
export function pathValue({ path }: RequestContext, name: string): string {
  const value = path.get(name);
  if (value === undefined) throw new Error(`the pattern of this operation has no {${name}}`);
  return value;
}

/** Returns the deployment that the path names. Throws an `ApiError` (404) when there is none. */
export function needDeployment({ deployments }: ServiceContext, request: RequestContext): Deployment {
  const deployment = deployments.get(pathValue(request, "id"));
  if (deployment === undefined) throw notFound("Deployment");
  return deployment;
}

/** Returns the id of the deployment that the path is limited to, or `undefined`. Throws an `ApiError` (404) as above. */
export function scopeOf(service: ServiceContext, request: RequestContext): string | undefined {
  return request.path.has("id") ? needDeployment(service, request).id : undefined;
}

/** Returns the run that the path names, within the deployment that it names. Throws an `ApiError` (404) when there is none. */
export function needRun(service: ServiceContext, request: RequestContext): Run {
  const deploymentId = scopeOf(service, request);
  const run = service.runs.find(pathValue(request, "run_id"));
  if (run === undefined || (deploymentId !== undefined && run.deployment.id !== deploymentId)) throw notFound("Run");
  return run;
}

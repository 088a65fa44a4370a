/** What the operations work on: the state of the service and one call to it. */
import type { Ambient } from "../../support/ambient.ts";
import type { FaultRule } from "../faults/faults.ts";
import { notFound } from "../http/api-error.ts";
import type { LocalReply, LocalRequest } from "../http/exchange.ts";
import type { Route } from "./routes.ts";
import type { Bundles } from "../model/bundles.ts";
import type { Deployment } from "../model/deployments.ts";
import type { RunStore } from "../model/run-store.ts";
import type { Lag } from "../model/run-views.ts";
import type { CloudStore } from "../model/cloud-store.ts";

export interface Counters {
  createsReceived: number;
  cancelsReceived: number;
  deploymentsCreated: number;
  deploymentsDeleted: number;
  openStreams: number;
}

export interface ServiceContext {
  readonly ambient: Ambient;
  readonly deployments: Map<string, Deployment>;
  readonly runs: RunStore;
  readonly bundles: Bundles;
  readonly store: CloudStore | undefined;
  readonly counters: Counters;
  readonly deployMs: number;
  readonly keepAliveMs: number;
  readonly preamble: string;
  readonly inlineRuns: "tracked" | "untracked";
  /** For the faults that draw lots. */
  readonly random: () => number;
}

export interface RequestContext {
  readonly request: LocalRequest;
  readonly route: Route;
  /** Query string without its question mark. */
  readonly query: string;
  /** Origin the request came to. */
  readonly origin: string;
  readonly rules: readonly FaultRule[];
  readonly lag: Lag;
  readonly signal: AbortSignal | undefined;
}

export type Handler = (premises: ServiceContext, call: RequestContext) => LocalReply | Promise<LocalReply>;

export function needDeployment({ deployments }: ServiceContext, id: string | undefined): Deployment {
  const deployment = id === undefined ? undefined : deployments.get(id);
  if (deployment === undefined) throw notFound("Deployment");
  return deployment;
}

/** The deployment a path names, where it names one; 404 when there is none. */
export function scopeOf(premises: ServiceContext, { route }: RequestContext): string | undefined {
  return route.deploymentId === undefined ? undefined : needDeployment(premises, route.deploymentId).id;
}

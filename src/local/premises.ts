/** What the operations work on: the state of the service and one call to it. */
import type { Ambient } from "../support/ambient.ts";
import type { Bundles } from "./bundles.ts";
import type { Deployment } from "./deployments.ts";
import type { LocalReply, LocalRequest } from "./exchange.ts";
import type { FaultRule } from "./faults.ts";
import { notFound } from "./problems.ts";
import type { Route } from "./routes.ts";
import type { RunBook } from "./run-book.ts";
import type { Lag } from "./run-views.ts";
import type { CloudStore } from "./store.ts";

export interface Counters {
  createsReceived: number;
  cancelsReceived: number;
  deploymentsCreated: number;
  deploymentsDeleted: number;
  openStreams: number;
}

export interface Premises {
  readonly ambient: Ambient;
  readonly deployments: Map<string, Deployment>;
  readonly runs: RunBook;
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

export interface Call {
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

export type Perform = (premises: Premises, call: Call) => LocalReply | Promise<LocalReply>;

export function needDeployment({ deployments }: Premises, id: string | undefined): Deployment {
  const deployment = id === undefined ? undefined : deployments.get(id);
  if (deployment === undefined) throw notFound("Deployment");
  return deployment;
}

/** The deployment a path names, where it names one; 404 when there is none. */
export function scopeOf(premises: Premises, { route }: Call): string | undefined {
  return route.deploymentId === undefined ? undefined : needDeployment(premises, route.deploymentId).id;
}

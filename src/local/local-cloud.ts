/**
 * The embedded Seren Cloud: the published API as a function from request to response. It has no sockets, and no clock or
 * randomness of its own: both come through `Ambient`, so that a whole program can run against it under virtual time.
 * Its state is in memory and ends with the process, unless there is a store.
 */
import type { Ambient } from "../support/ambient.ts";
import { builtInAgent } from "./agents/built-in-agent.ts";
import { type FaultPlan, type FaultRule, Faults, type OddReport } from "./faults/faults.ts";
import { oddReply } from "./faults/odd-faults.ts";
import { afterOperation, beforeOperation, lagOf } from "./faults/request-faults.ts";
import type { Lease } from "./handlers/body-schemas.ts";
import { uploadRefusal } from "./handlers/bundle-handlers.ts";
import type { InboxOptions, ServiceContext } from "./handlers/context.ts";
import { DecisionLog, type RefusedDecisions } from "./handlers/decisions.ts";
import { needsToken, routeTable, uploadIdIn } from "./handlers/routes.ts";
import { ApiError, unauthorized } from "./http/api-error.ts";
import {
  type GuardedService,
  headerOf,
  type LocalReply,
  type LocalRequest,
  type LocalResponse,
  type LocalService,
} from "./http/exchange.ts";
import type { Operation } from "./http/operations.ts";
import { Query } from "./http/query.ts";
import type { Agent } from "./model/agent-context.ts";
import { Bundles } from "./model/bundles.ts";
import type { CloudStore } from "./model/cloud-store.ts";
import { RunStore, type RunStoreOptions } from "./model/run-store.ts";
import { Schedules } from "./model/schedules.ts";

export interface LocalCloudOptions {
  ambient: Ambient;
  /** What goes wrong. Default: nothing. */
  faults?: FaultPlan | undefined;
  /** Called with every member of an answer that a fault has changed. */
  onOdd?: ((report: OddReport) => void) | undefined;
  /** Accepted bearer tokens. Default: any that is not empty. */
  keys?: readonly string[] | undefined;
  /** Works on the runs. Default: the built-in agent, which follows scripts and otherwise reports what it received. */
  agent?: Agent | undefined;
  /** Origin of upload URLs when a request has no `Host`. Default `http://127.0.0.1`. */
  origin?: string | undefined;
  /** Time from deploy to `running`, spent `pending` and `building`, in ms. Default 0. */
  deployMs?: number | undefined;
  /** Time a run spends `queued`, in ms. Default 0: until what is already queued in the process is done. */
  startMs?: number | undefined;
  /** Time between the pieces of the built-in agent's report, in ms. Default 0. */
  paceMs?: number | undefined;
  /** Silence after which a stream sends a comment, in ms; 0 for never. Default 15,000. */
  keepAliveMs?: number | undefined;
  /** Reconnection time that a stream suggests in its first line, in ms; 0 for none. Default 1000. */
  retryMs?: number | undefined;
  /** First sequence number of a run's log. Default 1. */
  firstSequence?: 0 | 1 | undefined;
  /** What continues after `resume_checkpoint_id` on run creation. Default `same_run`. */
  approvalResume?: RunStoreOptions["approvalResume"] | undefined;
  /** Whether an inline run has a record and its response a `run_id`. Default `tracked`. */
  inlineRuns?: ServiceContext["inlineRuns"] | undefined;
  /** A way of deciding approvals that the service refuses. Default: it takes decisions both ways. */
  refusedDecisions?: RefusedDecisions | undefined;
  /** Whether the inbox decides blocked egress, or responds with 501. Default `decidable`. */
  blockedEgress?: InboxOptions["blockedEgress"] | undefined;
  /** Whether the inbox offers leases and takes `allow_always`, as a newer contract does. Default false. */
  leases?: boolean | undefined;
  /** Runs kept in memory: above this many, ended ones are forgotten, oldest first. Default 5000. */
  maxKeptRuns?: number | undefined;
  /** The service starts with the state in the store, and saves its changes there. Default: none. */
  store?: CloudStore | undefined;
}

export interface LocalStats {
  /** Requests to create a run, refused and lost ones included. */
  createsReceived: number;
  runsStarted: number;
  /** How often each interrupted run was resumed. */
  runsResumed: Readonly<Record<string, number>>;
  /** Ids of the runs that have not ended. */
  runsActive: string[];
  cancelsReceived: number;
  deploymentsCreated: number;
  deploymentsDeleted: number;
  openStreams: number;
  /** How often each checkpoint was decided: more than 1 means that decisions were sent again. Refused ones do not count. */
  decisionsReceived: Readonly<Record<string, number>>;
  /** What `allow_always` has granted. */
  leasesGranted: readonly Lease[];
}

/** Returns the fault rules that apply to a request for an operation. */
type RulesOf = (operation: Operation) => readonly FaultRule[];

const NO_QUERY = new Query("", []);

export class LocalCloud implements GuardedService {
  readonly #service: ServiceContext;
  readonly #faults: Faults;
  readonly #keys: ReadonlySet<string> | undefined;
  readonly #origin: string;
  #requests = 0;

  /** Throws when the fault plan is malformed. */
  constructor(options: LocalCloudOptions) {
    const { ambient, paceMs = 0, retryMs = 1000, store } = options;
    this.#faults = new Faults(options.faults, options.onOdd);
    this.#keys = options.keys && new Set(options.keys);
    this.#origin = options.origin ?? "http://127.0.0.1";
    const runs = new RunStore({
      ambient,
      agent: options.agent ?? builtInAgent(paceMs),
      startMs: options.startMs ?? 0,
      firstSequence: options.firstSequence ?? 1,
      approvalResume: options.approvalResume ?? "same_run",
      maxKeptRuns: options.maxKeptRuns ?? 5000,
      store,
    });
    this.#service = {
      ambient,
      deployments: new Map(),
      bundles: new Bundles(ambient, store),
      store,
      runs,
      schedules: new Schedules(ambient, runs),
      counters: {
        createsReceived: 0,
        cancelsReceived: 0,
        deploymentsCreated: 0,
        deploymentsDeleted: 0,
        openStreams: 0,
      },
      deployMs: options.deployMs ?? 0,
      keepAliveMs: options.keepAliveMs ?? 15_000,
      preamble: retryMs > 0 ? `retry: ${retryMs}\n\n` : ": hello\n\n",
      inlineRuns: options.inlineRuns ?? "tracked",
      decisions: new DecisionLog(options.refusedDecisions),
      inbox: { blockedEgress: options.blockedEgress ?? "decidable", leases: options.leases ?? false },
      leasesGranted: [],
      faults: this.#faults,
    };
    if (store) this.#restore(store);
  }

  /**
   * Responds to one request; never rejects. Aborting `signal` means that the caller is gone: waits and streams end. A
   * streamed body counts as open from its first `next` until it ends, `return` is called, or the signal is aborted.
   */
  handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    return this.#handle(request, signal, (operation) => this.#faults.take(operation));
  }

  refusal({ path: target, headers }: Omit<LocalRequest, "body">): LocalReply | undefined {
    const { path, search } = splitPath(target);
    if (!needsToken(path)) return uploadRefusal(this.#service, { uploadId: uploadIdIn(path), search, headers });
    return this.#hasToken(headers) ? undefined : unauthorized().toReply();
  }

  /** Returns the same service as it would be without its fault plan: no rule applies to a request, or counts it. */
  withoutFaults(): LocalService {
    return { handle: (request, signal) => this.#handle(request, signal, () => []) };
  }

  async #handle(request: LocalRequest, signal: AbortSignal | undefined, rulesOf: RulesOf): Promise<LocalResponse> {
    this.#requests += 1;
    const requestId = `local-${this.#requests}`;
    let response: LocalResponse;
    try {
      response = await this.#respond(request, signal, rulesOf);
    } catch (thrown) {
      const error =
        thrown instanceof ApiError
          ? thrown
          : new ApiError(500, "InternalServerError", "The embedded service met an unexpected error");
      response = error.toReply();
    }
    if (response.drop !== true) response.headers["x-request-id"] = requestId;
    return response;
  }

  stats(): LocalStats {
    const { counters, runs, decisions, leasesGranted } = this.#service;
    return {
      ...counters,
      runsStarted: runs.started,
      runsResumed: runs.resumed,
      runsActive: runs.active().map((run) => run.id),
      decisionsReceived: decisions.received,
      leasesGranted: [...leasesGranted],
    };
  }

  async #respond(request: LocalRequest, signal: AbortSignal | undefined, rulesOf: RulesOf): Promise<LocalResponse> {
    const { method, headers, body, content } = request;
    const { path, search } = splitPath(request.path);
    if (needsToken(path) && !this.#hasToken(headers)) throw unauthorized();
    const { route, parameters } = routeTable.match(method, path);
    this.#count(route.operation);
    const { ambient } = this.#service;
    const rules = rulesOf(route.operation);
    if (rules.length > 0) {
      const instead = await beforeOperation(rules, { ambient, signal });
      if (instead !== undefined) return instead;
    }
    const host = headerOf(headers, "host");
    const reply = await route.handler(this.#service, {
      headers,
      body,
      content,
      path: parameters,
      query: route.query ? new Query(search, route.query) : NO_QUERY,
      search,
      origin: host === undefined ? this.#origin : `http://${host}`,
      rules,
      lag: lagOf(rules),
      signal,
    });
    if (rules.length === 0) return reply;
    return afterOperation(rules, oddReply(rules, reply, route.operation, this.#faults), { ambient, signal });
  }

  #count(operation: Operation): void {
    const { counters } = this.#service;
    if (operation === "create_run") counters.createsReceived += 1;
    if (operation === "cancel") counters.cancelsReceived += 1;
  }

  #restore(store: CloudStore): void {
    const { deployments, bundles, runs } = this.#service;
    const state = store.load();
    for (const { deployment, deleted } of state.deployments) {
      if (deleted) continue;
      deployments.set(deployment.id, deployment);
      this.#service.schedules.add(deployment);
    }
    for (const bundle of state.bundles) bundles.restore(bundle);
    // Runs of deleted deployments can still be read.
    const byId = new Map(state.deployments.map(({ deployment }) => [deployment.id, deployment]));
    for (const run of state.runs) {
      const deployment = byId.get(run.deploymentId);
      if (deployment) runs.restore(run, deployment);
    }
  }

  #hasToken(headers: LocalRequest["headers"]): boolean {
    const token = /^Bearer +([^\s]+)$/i.exec(headerOf(headers, "authorization") ?? "")?.[1];
    return token !== undefined && (this.#keys?.has(token) ?? true);
  }
}

function splitPath(target: string): { path: string; search: string } {
  const mark = target.indexOf("?");
  return mark < 0 ? { path: target, search: "" } : { path: target.slice(0, mark), search: target.slice(mark + 1) };
}

/**
 * The embedded Seren Cloud: the published API as a function from request to response. No sockets, and no clock or
 * randomness of its own: everything comes through `Ambient`, so that a whole program can run against it under virtual
 * time. State lives in memory and ends with the process, unless there is a store.
 */
import type { Ambient } from "../support/ambient.ts";
import type { Agent } from "./model/agent-context.ts";
import { builtInAgent } from "./agents/built-in-agent.ts";
import { type FaultPlan, Faults } from "./faults/faults.ts";
import { afterOperation, beforeOperation, lagOf } from "./faults/request-faults.ts";
import type { Handler, ServiceContext } from "./handlers/context.ts";
import { deploymentOperations } from "./handlers/deployment-handlers.ts";
import { runOperations } from "./handlers/run-handlers.ts";
import { ApiError, unauthorized } from "./http/api-error.ts";
import { headerOf, type LocalRequest, type LocalResponse } from "./http/exchange.ts";
import { matchRoute, type Operation, UPLOAD_PREFIX } from "./handlers/routes.ts";
import { Bundles } from "./model/bundles.ts";
import { RunStore, type RunStoreOptions } from "./model/run-store.ts";
import type { CloudStore } from "./model/cloud-store.ts";

export interface LocalCloudOptions {
  ambient: Ambient;
  /** What goes wrong. Default: nothing. */
  faults?: FaultPlan | undefined;
  /** Accepted bearer tokens. Default: any that is not empty. */
  keys?: readonly string[] | undefined;
  /** Works on the runs. Default: the built-in one, which follows scripts and otherwise reports what it received. */
  agent?: Agent | undefined;
  /** Origin of upload URLs when a request has no `Host`. Default `http://127.0.0.1`. */
  origin?: string | undefined;
  /** Time from deploy to `running`, `pending` and `building` in between. Default 0. */
  deployMs?: number | undefined;
  /** Time a run spends `queued`. Default 0: until what is already queued in the process is done. */
  startMs?: number | undefined;
  /** Time between the pieces of the built-in agent's report. Default 0. */
  paceMs?: number | undefined;
  /** Silence after which a stream sends a comment; 0 for never. Default 15 s. */
  keepAliveMs?: number | undefined;
  /** Reconnection time a stream suggests in its first line, in ms; 0 for none. Default 1000. */
  retryMs?: number | undefined;
  /** First sequence number of a run's log. Default 1. */
  firstSequence?: 0 | 1 | undefined;
  /** What continues after `resume_checkpoint_id` on run creation. Default `same_run`. */
  approvalResume?: RunStoreOptions["approvalResume"] | undefined;
  /** Whether an inline run has a record and its answer a `run_id`. Default `tracked`. */
  inlineRuns?: ServiceContext["inlineRuns"] | undefined;
  /** Ended runs kept in memory, the oldest are forgotten first. Default 5000. */
  maxKeptRuns?: number | undefined;
  /** What it holds is taken up, and what changes is put there. */
  store?: CloudStore | undefined;
}

export interface LocalStats {
  /** Run creations asked for, refused and lost ones included. */
  createsReceived: number;
  runsStarted: number;
  /** Ids of the runs that have not ended. */
  runsActive: string[];
  cancelsReceived: number;
  deploymentsCreated: number;
  deploymentsDeleted: number;
  openStreams: number;
}

const PERFORM: Readonly<Record<Operation, Handler>> = { ...deploymentOperations, ...runOperations };

export class LocalCloud {
  readonly #premises: ServiceContext;
  readonly #faults: Faults;
  readonly #keys: ReadonlySet<string> | undefined;
  readonly #origin: string;
  #requests = 0;

  /** Throws when the fault plan is malformed. */
  constructor(options: LocalCloudOptions) {
    const { ambient, paceMs = 0, retryMs = 1000, store } = options;
    this.#faults = new Faults(options.faults);
    this.#keys = options.keys && new Set(options.keys);
    this.#origin = options.origin ?? "http://127.0.0.1";
    this.#premises = {
      ambient,
      deployments: new Map(),
      bundles: new Bundles(ambient, store),
      store,
      runs: new RunStore({
        ambient,
        agent: options.agent ?? builtInAgent(paceMs),
        startMs: options.startMs ?? 0,
        firstSequence: options.firstSequence ?? 1,
        approvalResume: options.approvalResume ?? "same_run",
        maxKeptRuns: options.maxKeptRuns ?? 5000,
        store,
      }),
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
      random: this.#faults.random,
    };
    if (store) this.#takeUp(store);
  }

  /**
   * Answers one request; never rejects. Aborting `signal` says that the caller is gone: waits and streams end. A
   * streamed body counts as open from its first `next` until it ends, is returned, or the signal aborts.
   */
  async handle(request: LocalRequest, signal?: AbortSignal): Promise<LocalResponse> {
    this.#requests += 1;
    const requestId = `local-${this.#requests}`;
    let response: LocalResponse;
    try {
      response = await this.#answer(request, signal);
    } catch (thrown) {
      const problem =
        thrown instanceof ApiError
          ? thrown
          : new ApiError(500, "InternalServerError", "The embedded service met an error it did not foresee");
      response = problem.toReply();
    }
    if (response.drop !== true) response.headers["x-request-id"] = requestId;
    return response;
  }

  stats(): LocalStats {
    const { counters, runs } = this.#premises;
    return { ...counters, runsStarted: runs.started, runsActive: runs.active().map((run) => run.id) };
  }

  async #answer(request: LocalRequest, signal: AbortSignal | undefined): Promise<LocalResponse> {
    const mark = request.path.indexOf("?");
    const path = mark < 0 ? request.path : request.path.slice(0, mark);
    const query = mark < 0 ? "" : request.path.slice(mark + 1);
    if (!path.startsWith(UPLOAD_PREFIX)) this.#authorize(request);
    const route = matchRoute(request.method, path);
    const { counters, ambient } = this.#premises;
    if (route.operation === "create_run") counters.createsReceived += 1;
    if (route.operation === "cancel") counters.cancelsReceived += 1;
    const rules = this.#faults.take(route.operation);
    if (rules.length > 0) {
      const instead = await beforeOperation(rules, ambient, signal);
      if (instead !== undefined) return instead;
    }
    const host = headerOf(request.headers, "host");
    const reply = await PERFORM[route.operation](this.#premises, {
      request,
      route,
      query,
      origin: host === undefined ? this.#origin : `http://${host}`,
      rules,
      lag: lagOf(rules),
      signal,
    });
    return rules.length > 0 ? afterOperation(rules, reply, ambient, signal) : reply;
  }

  #takeUp(store: CloudStore): void {
    const { deployments, bundles, runs } = this.#premises;
    const kept = store.load();
    const known = new Map(kept.deployments.map(({ deployment }) => [deployment.id, deployment]));
    for (const { deployment, deleted } of kept.deployments) if (!deleted) deployments.set(deployment.id, deployment);
    for (const bundle of kept.bundles) bundles.restore(bundle);
    for (const run of kept.runs) {
      const deployment = known.get(run.deploymentId);
      if (deployment) runs.restore(run, deployment);
    }
  }

  #authorize(request: LocalRequest): void {
    const token = /^Bearer +([^\s]+)$/i.exec(headerOf(request.headers, "authorization") ?? "")?.[1];
    if (token === undefined || (this.#keys !== undefined && !this.#keys.has(token))) throw unauthorized();
  }
}

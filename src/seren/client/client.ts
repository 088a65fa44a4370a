/**
 * Typed calls, one method per operation; those about deployments and bundles are in `deployment-calls.ts`. A method that only reads, or that may be repeated, repeats itself while the
 * service is away. `createRun` and `deploy` call once: `start/start-run.ts` and `core/deployment/make-deployment.ts`
 * decide whether to call again, after looking for what the first call made.
 */
import { MAX_PAGE } from "#protocols/seren-cloud";
import { unabortable, withTimeLimit } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure, type FailureKind, isOneOf } from "../../support/failure.ts";
import { RecentSet } from "../../support/recent-set.ts";
import type { TokenBucket } from "../../support/token-bucket.ts";
import type { HttpStream, HttpTransport } from "../http/transport.ts";
import {
  readArtifact,
  readEach,
  readInvocation,
  readLiveState,
  readRows,
  readRun,
  requestIdOf,
} from "../mapping/answers.ts";
import { runBody } from "../mapping/requests.ts";
import {
  type ArtifactListing,
  type Invocation,
  type LiveState,
  type NewRun,
  type Run,
  UNKNOWN_STATUS,
} from "../model.ts";
import { ApprovalCalls } from "./approval-calls.ts";
import { Caller, type CallOptions } from "./caller.ts";
import { DeploymentCalls, same } from "./deployment-calls.ts";
import { envelopeOf } from "./envelope.ts";
import { type EventPage, isTooLarge, isUnreadable, type RunPage } from "./pages.ts";
import { deploymentPath, queryString, runPath } from "./path.ts";
import { isKnownStatus, leavesOpen, runFromState, statusOf } from "./status.ts";

const CANCEL_TIMEOUT_MS = 4_000;
const STREAM_OPEN_TIMEOUT_MS = 30_000;
/** Runs known to have a record too large to be read. One that is forgotten is asked for once more. */
const MAX_LARGE_RUNS = 64;

/** A record with more events than this is read from the log instead, page by page. */
const MAX_EVENT_ROWS = 250_000;

/** How a service refuses to show the state of a run that it knows. */
const NO_STATE: ReadonlySet<FailureKind> = new Set(["not_found", "unsupported", "contract"]);

export interface ListRuns {
  limit?: number;
  offset?: number;
  status?: string;
  conversationId?: string;
}

export class SerenClient extends DeploymentCalls {
  /** What waits for a person, and decisions about it. */
  readonly approvals: ApprovalCalls;
  readonly #transport: HttpTransport;
  readonly #caller: Caller;
  readonly #largeRuns = new RecentSet<string>(MAX_LARGE_RUNS);

  constructor(transport: HttpTransport, ambient: Ambient) {
    const caller = new Caller(transport, ambient);
    super(caller);
    this.#transport = transport;
    this.#caller = caller;
    this.approvals = new ApprovalCalls(caller);
  }

  get ambient(): Ambient {
    return this.#caller.ambient;
  }

  /** For repeats that a caller makes itself. */
  get budget(): TokenBucket {
    return this.#caller.budget;
  }

  /** Calls once and takes no signal: a create call that is cut off may leave a run whose id is not known. */
  async createRun(deploymentId: string, run: NewRun): Promise<{ httpStatus: number; invocation: Invocation }> {
    const { value, status } = await this.#caller.exchange({
      method: "POST",
      path: `${deploymentPath(deploymentId)}/runs`,
      subject: "the deployment",
      body: runBody(run),
      read: readInvocation,
      signal: unabortable(),
    });
    return { httpStatus: status, invocation: value };
  }

  /**
   * Returns the record. One that is too large or cannot be read is `cut`: it has what the run's state says, and no more.
   * Where the record's status cannot be read, or is a word that nobody knows, the state's counts.
   */
  async getRun(runId: string, options: CallOptions): Promise<Run> {
    const record = this.#largeRuns.has(runId) ? undefined : await this.#record(runId, options);
    const isFailure = record instanceof ExecutionFailure;
    if (record && !isFailure && isKnownStatus(record.status)) return record;
    try {
      const state = await this.getRunState(runId, options);
      if (!record || isFailure) return runFromState(state);
      return record.status !== UNKNOWN_STATUS && leavesOpen(state) ? record : { ...record, status: statusOf(state) };
    } catch (error) {
      if (!record || !isOneOf(NO_STATE, error)) throw error;
      if (isFailure) throw record;
      return record;
    }
  }

  /** Returns the failure of a record that is too large or cannot be read. */
  async #record(runId: string, options: CallOptions): Promise<Run | ExecutionFailure> {
    try {
      const read = (value: unknown) => same(runId, readRun(value, runId));
      const run = await this.#caller.get({ path: runPath(runId), subject: "the run", read }, options);
      if ((run.eventRows?.length ?? 0) <= MAX_EVENT_ROWS) return run;
      throw new ExecutionFailure("contract", "the record has too many events", { details: { tooLarge: true } });
    } catch (error) {
      if (isTooLarge(error)) this.#largeRuns.add(runId);
      else if (!isUnreadable(error)) throw error;
      return asFailure(error);
    }
  }

  async getRunState(runId: string, options: CallOptions): Promise<LiveState> {
    const read = (value: unknown) => same(runId, readLiveState(value, runId));
    return this.#caller.get({ path: `${runPath(runId)}/state`, subject: "the run", read }, options);
  }

  /** One page of the runs of a deployment, or of the whole organization. */
  async listRunPage(deploymentId: string | undefined, query: ListRuns, options: CallOptions): Promise<RunPage> {
    const { limit = MAX_PAGE.runs, offset = 0, status, conversationId } = query;
    const path = deploymentId ? `${deploymentPath(deploymentId)}/runs` : "/runs";
    const filter = { status, conversation_id: conversationId };
    const listing = { path, subject: "the list of runs", limit, offset, filter };
    const { rows, hasMore } = await this.#caller.page(listing, options);
    const { rows: runs, unreadable } = readEach(readRun, rows);
    const unnamedRequestIds = rows.flatMap((row) => (readRun(row) ? [] : (requestIdOf(row) ?? [])));
    return { runs, unreadable, unnamedRequestIds, hasMore };
  }

  async listRunEvents(runId: string, offset: number, options: CallOptions): Promise<EventPage> {
    const listing = { path: `${runPath(runId)}/events`, subject: "the run", limit: MAX_PAGE.events, offset };
    const { rows, hasMore } = await this.#caller.page(listing, options);
    return { events: rows, hasMore };
  }

  /** One page of them: each may have content, so more pages could be of any size. */
  async listRunArtifacts(runId: string, options: CallOptions): Promise<ArtifactListing> {
    const path = `${runPath(runId)}/artifacts${queryString({ limit: MAX_PAGE.artifacts })}`;
    const call = { method: "GET", path, subject: "the run", read: readRows, signal: options.signal } as const;
    const { value, hasMore } = await this.#caller.repeat(() => this.#caller.exchange(call), options);
    return { ...readEach(readArtifact, value), ...(hasMore ? { hasMore } : {}) };
  }

  /**
   * Asks the service to stop the run and returns the run as it is then: acceptance is no end, so the caller repeats this
   * until the status is terminal. Calls once; where the answer holds no record, one look follows. Returns `undefined` when
   * the service took the request and the run cannot be seen. Takes no signal: what has stopped must not stop its cancel.
   */
  async cancelRun(runId: string): Promise<Run | undefined> {
    const path = `${runPath(runId)}/cancel`;
    try {
      const call = {
        method: "POST",
        path,
        subject: "the run",
        timeoutMs: CANCEL_TIMEOUT_MS,
        signal: unabortable(),
      } as const;
      const run = same(runId, readRun(envelopeOf(await this.#caller.send(call))?.data));
      if (run && run.status !== UNKNOWN_STATUS) return run;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      this.#largeRuns.add(runId);
    }
    const look = withTimeLimit({ ambient: this.ambient, ms: CANCEL_TIMEOUT_MS }, (signal) =>
      this.getRun(runId, { attempts: 1, signal }),
    );
    return look.catch(() => undefined); // the cancel itself was taken
  }

  /**
   * Asks the service to let an interrupted run go on. Returns the id of the run that does, where the answer names one. Calls
   * once and takes no signal: a request that is cut off may have been taken, and what was taken must not be sent again.
   */
  async resumeRun(runId: string): Promise<string | undefined> {
    const path = `${runPath(runId)}/resume`;
    const call = { method: "POST", path, subject: "the run", body: {}, signal: unabortable() } as const;
    try {
      return readInvocation(envelopeOf(await this.#caller.send(call))?.data).runId;
    } catch (error) {
      if (isTooLarge(error)) return undefined; // it was taken all the same
      throw error;
    }
  }

  /**
   * Opens the run's event stream, after the event `lastEventId` when it is given. Rejects with the refusal; with
   * `unsupported` when the answer is no event stream.
   */
  async openRunStream(runId: string, lastEventId: string | undefined, signal: AbortSignal): Promise<HttpStream> {
    const stream = await this.#transport.openStream({
      method: "GET",
      path: `${runPath(runId)}/stream`,
      headers: { accept: "text/event-stream", ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) },
      timeoutMs: STREAM_OPEN_TIMEOUT_MS,
      signal,
    });
    const { status, headers } = stream;
    const isEventStream = (headers["content-type"] ?? "").toLowerCase().startsWith("text/event-stream");
    if (status === 200 && isEventStream) return stream;
    stream.close();
    if (status === 200 || status === 405 || status === 406) {
      throw new ExecutionFailure("unsupported", "Seren Cloud does not stream this run", { details: { status } });
    }
    throw this.#caller.failureOf({ status, headers, body: "" }, "the run");
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

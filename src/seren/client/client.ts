/**
 * Typed calls, one method per operation. A method that only reads, or that may be repeated, repeats itself while the
 * service is away; `createRun` and `deploy` try once, because whether they may be repeated is decided by `start-run.ts`
 * and `core/target.ts`, which look first.
 */

import { MAX_PAGE } from "#protocols/seren-cloud";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { TokenBucket } from "../../support/token-bucket.ts";
import { toFailure } from "../http/problem.ts";
import { RETRY_LIMITS, retrying } from "../http/retry.ts";
import type { HttpRequest, HttpResponse, HttpStream, HttpTransport } from "../http/transport.ts";
import {
  type Reader,
  readArtifact,
  readDeployment,
  readEach,
  readInvocation,
  readLiveState,
  readPendingApprovals,
  readPendingRun,
  readRows,
  readRun,
} from "../mapping/answers.ts";
import { deploymentBody, runBody } from "../mapping/requests.ts";
import type {
  Deployment,
  Invocation,
  LiveState,
  NewDeployment,
  NewRun,
  PendingApprovals,
  PendingRun,
  Run,
  RunArtifact,
} from "../model.ts";
import { type Envelope, envelopeOf, withoutGateway } from "./envelope.ts";
import { type EventPage, isTooLarge, type Page, type RunPage, readPage } from "./pages.ts";
import { queryString, segment } from "./path.ts";
import { recordFromState } from "./status.ts";

const CALL_TIMEOUT_MS = 60_000;
const CANCEL_TIMEOUT_MS = 4_000;
const STREAM_OPEN_TIMEOUT_MS = 30_000;
/** Tries of a call that somebody is waiting for. Following a run passes `Infinity` instead. */
const DEFAULT_ATTEMPTS = 4;

export interface CallOptions {
  signal?: AbortSignal;
  /** Tries in all while the service is away; `Infinity` = until the signal is aborted. Default 4. */
  attempts?: number;
}

export interface ListRuns {
  limit?: number;
  offset?: number;
  status?: string;
  conversationId?: string;
}

export class SerenClient {
  readonly ambient: Ambient;
  readonly budget: TokenBucket;
  readonly #transport: HttpTransport;
  /** Runs whose record is too large to be read. */
  readonly #tooLarge = new Set<string>();

  constructor(transport: HttpTransport, ambient: Ambient) {
    this.#transport = transport;
    this.ambient = ambient;
    this.budget = new TokenBucket(ambient, RETRY_LIMITS);
  }

  /** Unreadable ones are left out: those of other people may be shown in part only. */
  async listDeployments(options?: CallOptions): Promise<Deployment[]> {
    const rows = await this.#read("/deployments", readRows, "the list of deployments", options);
    return readEach(readDeployment, rows);
  }

  async getDeployment(deploymentId: string, options?: CallOptions): Promise<Deployment> {
    return this.#read(`/deployments/${segment(deploymentId)}`, readDeployment, "the deployment", options);
  }

  /** One try. Twice is two deployments: the service does not deduplicate. */
  async deploy(deployment: NewDeployment, signal?: AbortSignal): Promise<Deployment> {
    return this.#call(
      { method: "POST", path: "/deploy", body: JSON.stringify(deploymentBody(deployment)) },
      readDeployment,
      "the deployment",
      signal,
    );
  }

  async startDeployment(deploymentId: string, options?: CallOptions): Promise<void> {
    const path = `/deployments/${segment(deploymentId)}/start`;
    await this.#repeat(options, () => this.#send({ method: "POST", path }, "the deployment", options?.signal));
  }

  /** Gone already counts as done. Its runs are cancelled by the service. */
  async deleteDeployment(deploymentId: string): Promise<void> {
    const path = `/deployments/${segment(deploymentId)}`;
    const response = await this.#transport.request({ method: "DELETE", path, timeoutMs: CALL_TIMEOUT_MS });
    const done = (response.status >= 200 && response.status <= 299) || response.status === 404;
    if (!done) throw toFailure(response, "the deployment", this.ambient);
  }

  /** One try, never aborted by a caller: a create call dropped on the wire may leave a run that nobody can name. */
  async createRun(deploymentId: string, run: NewRun): Promise<{ httpStatus: number; invocation: Invocation }> {
    const path = `/deployments/${segment(deploymentId)}/runs`;
    const request = { method: "POST", path, body: JSON.stringify(runBody(run)) } as const;
    const { value, response } = await this.#exchange(request, readInvocation, "the deployment");
    return { httpStatus: response.status, invocation: value };
  }

  /** A record too large to be read is answered as far as the run's state goes: without output, events and costs. */
  async getRun(runId: string, options?: CallOptions): Promise<Run> {
    if (this.#tooLarge.has(runId)) return recordFromState(await this.getRunState(runId, options));
    const record = this.#read(`/runs/${segment(runId)}`, readRun, "the run", options);
    return this.#orState(runId, record, () => this.getRunState(runId, options));
  }

  /** What the run's state tells in place of a record that is too large to be read. */
  async #orState(runId: string, record: Promise<Run>, state: () => Promise<LiveState>): Promise<Run> {
    try {
      return await record;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      this.#tooLarge.add(runId);
      return recordFromState(await state());
    }
  }

  async getRunState(runId: string, options?: CallOptions): Promise<LiveState> {
    return this.#read(`/runs/${segment(runId)}/state`, readLiveState, "the run", options);
  }

  /** Records of one deployment, or of the whole organization. Unreadable records are left out. */
  async listRuns(deploymentId: string | undefined, query: ListRuns = {}, options?: CallOptions): Promise<Run[]> {
    return (await this.listRunPage(deploymentId, query, options)).runs;
  }

  /** The same with whether there are more. */
  async listRunPage(deploymentId: string | undefined, query: ListRuns = {}, options?: CallOptions): Promise<RunPage> {
    const base = deploymentId ? `/deployments/${segment(deploymentId)}/runs` : "/runs";
    const { status, conversationId, offset = 0 } = query;
    const filter = { status, conversation_id: conversationId };
    const { rows, hasMore } = await this.#page(
      base,
      query.limit ?? MAX_PAGE.runs,
      offset,
      "the list of runs",
      options,
      filter,
    );
    const runs = readEach(readRun, rows);
    return { runs, tooLarge: rows.filter((row) => row === undefined).length, hasMore };
  }

  async listRunEvents(runId: string, offset: number, options?: CallOptions): Promise<EventPage> {
    const path = `/runs/${segment(runId)}/events`;
    const { rows, hasMore } = await this.#page(path, MAX_PAGE.events, offset, "the run", options);
    return { events: rows, hasMore };
  }

  /** Unreadable ones are left out. */
  async listRunArtifacts(runId: string, options?: CallOptions): Promise<RunArtifact[]> {
    const path = `/runs/${segment(runId)}/artifacts${queryString({ limit: MAX_PAGE.artifacts })}`;
    const rows = await this.#read(path, readRows, "the run", options);
    return readEach(readArtifact, rows);
  }

  async getPendingApprovals(runId: string, options?: CallOptions): Promise<PendingApprovals> {
    return this.#read(`/runs/${segment(runId)}/pending_approvals`, readPendingApprovals, "the run", options);
  }

  /** The organization's runs that wait for a person. Unreadable rows are left out. */
  async listPendingRuns(options?: CallOptions): Promise<PendingRun[]> {
    const path = `/pending_approvals${queryString({ limit: MAX_PAGE.approvals })}`;
    const rows = await this.#read(path, readRows, "the list of approvals", options);
    return readEach(readPendingRun, rows);
  }

  /**
   * Asks the service to stop the run; the record says later whether it did. One try: the caller repeats until terminal. A
   * success that does not show the record is followed by a look at it.
   */
  async cancelRun(runId: string, signal?: AbortSignal): Promise<Run> {
    const request = { method: "GET", path: `/runs/${segment(runId)}/state` } as const;
    const state = () => this.#call(request, readLiveState, "the run", signal, CANCEL_TIMEOUT_MS);
    return this.#orState(runId, this.#cancel(runId, signal), state);
  }

  async #cancel(runId: string, signal: AbortSignal | undefined): Promise<Run> {
    const path = `/runs/${segment(runId)}`;
    const request = { method: "POST", path: `${path}/cancel` } as const;
    const response = await this.#send(request, "the run", signal, CANCEL_TIMEOUT_MS);
    const answer = readRun(envelopeOf(response)?.data);
    return answer.ok
      ? answer.value
      : this.#call({ method: "GET", path }, readRun, "the run", signal, CANCEL_TIMEOUT_MS);
  }

  /** Opens the run stream after `lastEventId`. Rejects when it is refused; `unsupported` when the answer is no event stream. */
  async openRunStream(runId: string, lastEventId: string | undefined, signal: AbortSignal): Promise<HttpStream> {
    const stream = await this.#transport.openStream({
      method: "GET",
      path: `/runs/${segment(runId)}/stream`,
      headers: { accept: "text/event-stream", ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }) },
      timeoutMs: STREAM_OPEN_TIMEOUT_MS,
      signal,
    });
    const type = stream.headers["content-type"] ?? "";
    if (stream.status === 200 && type.toLowerCase().startsWith("text/event-stream")) return stream;
    stream.close();
    if (stream.status === 200 || stream.status === 405 || stream.status === 406) {
      throw new ExecutionFailure("unsupported", "Seren Cloud does not stream this run", {
        details: { status: stream.status },
      });
    }
    throw toFailure({ status: stream.status, headers: stream.headers, body: "" }, "the run", this.ambient);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #read<T>(path: string, read: Reader<T>, what: string, options?: CallOptions): Promise<T> {
    return this.#repeat(options, () => this.#call({ method: "GET", path }, read, what, options?.signal));
  }

  #repeat<T>(options: CallOptions | undefined, attempt: () => Promise<T>): Promise<T> {
    const { signal, attempts = DEFAULT_ATTEMPTS } = options ?? {};
    return retrying(attempt, { ambient: this.ambient, budget: this.budget, attempts, signal });
  }

  async #call<T>(
    request: Pick<HttpRequest, "method" | "path" | "body">,
    read: Reader<T>,
    what: string,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<T> {
    return (await this.#exchange(request, read, what, signal, timeoutMs)).value;
  }

  /** Rows as the service shows them, not yet judged; `undefined` where one is too large to be read. */
  #page(
    path: string,
    most: number,
    from: number,
    what: string,
    options?: CallOptions,
    filter: Record<string, string | undefined> = {},
  ): Promise<Page> {
    const ask = (limit: number, offset: number) =>
      this.#repeat(options, async () => {
        const request = { method: "GET", path: path + queryString({ limit, offset, ...filter }) } as const;
        const { value, envelope } = await this.#exchange(request, readRows, what, options?.signal);
        return { rows: value, hasMore: envelope?.pagination?.has_more ?? value.length >= limit };
      });
    return readPage(ask, most, from);
  }

  async #exchange<T>(
    request: Pick<HttpRequest, "method" | "path" | "body">,
    read: Reader<T>,
    what: string,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<{ value: T; response: HttpResponse; envelope: Envelope | undefined }> {
    const response = await this.#send(request, what, signal, timeoutMs);
    const envelope = envelopeOf(response);
    const answer = read(envelope?.data);
    if (answer.ok) return { value: answer.value, response, envelope };
    throw new ExecutionFailure("contract", `Seren Cloud's answer about ${what} is not one this version can read`, {
      cause: answer.error,
      details: { status: response.status },
    });
  }

  /** An answer that says yes. Any other is thrown. */
  async #send(
    request: Pick<HttpRequest, "method" | "path" | "body">,
    what: string,
    signal?: AbortSignal,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<HttpResponse> {
    const sent = await this.#transport.request({ ...request, timeoutMs, ...(signal ? { signal } : {}) });
    const response = withoutGateway(sent);
    if (response.status < 200 || response.status > 299) throw toFailure(response, what, this.ambient);
    return response;
  }
}

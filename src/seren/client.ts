/**
 * Typed calls, one method per operation. A method that only reads, or that may be repeated, repeats itself while the
 * service is away; `createRun` and `deploy` try once, because whether they may be repeated is decided by `start-run.ts`
 * and `core/target.ts`, which look first.
 */

import * as z from "zod";
import {
  type CreateDeployment,
  type CreateRun,
  type DeploymentSummary,
  DeploymentSummarySchema,
  MAX_PAGE,
  type PendingRun,
  PendingRunSchema,
  type RunArtifact,
  RunArtifactSchema,
  type RunInvocation,
  RunInvocationSchema,
  type RunLiveState,
  RunLiveStateSchema,
  type RunPendingApprovals,
  RunPendingApprovalsSchema,
  type RunRecord,
  RunRecordSchema,
} from "#protocols/seren-cloud";
import type { Ambient } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";
import { type Envelope, envelopeOf, withoutGateway } from "./envelope.ts";
import { toFailure } from "./problem.ts";
import { RetryBudget, retrying } from "./retry.ts";
import type { HttpRequest, HttpResponse, HttpStream, HttpTransport } from "./transport.ts";

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

/** A page of run records. Unreadable ones are left out. */
export interface RunPage {
  runs: RunRecord[];
  hasMore: boolean;
}

/** A page of the run's event log. Items are envelopes as the service stores them, not yet judged. */
export interface EventPage {
  events: unknown[];
  hasMore: boolean;
}

export class SerenClient {
  readonly ambient: Ambient;
  readonly budget: RetryBudget;
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport, ambient: Ambient) {
    this.#transport = transport;
    this.ambient = ambient;
    this.budget = new RetryBudget(ambient);
  }

  /** Unreadable ones are left out: those of other people may be shown in part only. */
  async listDeployments(options?: CallOptions): Promise<DeploymentSummary[]> {
    const rows = await this.#read("/deployments", z.array(z.unknown()), "the list of deployments", options);
    return rows.flatMap((row) => DeploymentSummarySchema.safeParse(row).data ?? []);
  }

  async getDeployment(deploymentId: string, options?: CallOptions): Promise<DeploymentSummary> {
    return this.#read(`/deployments/${segment(deploymentId)}`, DeploymentSummarySchema, "the deployment", options);
  }

  /** One try. Twice is two deployments: the service does not deduplicate. */
  async deploy(body: CreateDeployment, signal?: AbortSignal): Promise<DeploymentSummary> {
    return this.#call(
      { method: "POST", path: "/deploy", body: JSON.stringify(body) },
      DeploymentSummarySchema,
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
  async createRun(deploymentId: string, body: CreateRun): Promise<{ httpStatus: number; invocation: RunInvocation }> {
    const path = `/deployments/${segment(deploymentId)}/runs`;
    const request = { method: "POST", path, body: JSON.stringify(body) } as const;
    const { value, response } = await this.#exchange(request, RunInvocationSchema, "the deployment");
    return { httpStatus: response.status, invocation: value };
  }

  async getRun(runId: string, options?: CallOptions): Promise<RunRecord> {
    return this.#read(`/runs/${segment(runId)}`, RunRecordSchema, "the run", options);
  }

  async getRunState(runId: string, options?: CallOptions): Promise<RunLiveState> {
    return this.#read(`/runs/${segment(runId)}/state`, RunLiveStateSchema, "the run", options);
  }

  /** Records of one deployment, or of the whole organization. Unreadable records are left out. */
  async listRuns(deploymentId: string | undefined, query: ListRuns = {}, options?: CallOptions): Promise<RunRecord[]> {
    return (await this.listRunPage(deploymentId, query, options)).runs;
  }

  /** The same with whether there are more. */
  async listRunPage(deploymentId: string | undefined, query: ListRuns = {}, options?: CallOptions): Promise<RunPage> {
    const limit = query.limit ?? MAX_PAGE.runs;
    const path = `${deploymentId ? `/deployments/${segment(deploymentId)}` : ""}/runs${queryString({
      limit,
      offset: query.offset,
      status: query.status,
      conversation_id: query.conversationId,
    })}`;
    const { rows, hasMore } = await this.#page(path, limit, "the list of runs", options);
    return { runs: rows.flatMap((row) => RunRecordSchema.safeParse(row).data ?? []), hasMore };
  }

  async listRunEvents(runId: string, offset: number, options?: CallOptions): Promise<EventPage> {
    const path = `/runs/${segment(runId)}/events${queryString({ limit: MAX_PAGE.events, offset })}`;
    const { rows, hasMore } = await this.#page(path, MAX_PAGE.events, "the run", options);
    return { events: rows, hasMore };
  }

  /** Unreadable ones are left out. */
  async listRunArtifacts(runId: string, options?: CallOptions): Promise<RunArtifact[]> {
    const path = `/runs/${segment(runId)}/artifacts${queryString({ limit: MAX_PAGE.artifacts })}`;
    const rows = await this.#read(path, z.array(z.unknown()), "the run", options);
    return rows.flatMap((row) => RunArtifactSchema.safeParse(row).data ?? []);
  }

  async getPendingApprovals(runId: string, options?: CallOptions): Promise<RunPendingApprovals> {
    return this.#read(`/runs/${segment(runId)}/pending_approvals`, RunPendingApprovalsSchema, "the run", options);
  }

  /** The organization's runs that wait for a person. Unreadable rows are left out. */
  async listPendingRuns(options?: CallOptions): Promise<PendingRun[]> {
    const path = `/pending_approvals${queryString({ limit: MAX_PAGE.approvals })}`;
    const rows = await this.#read(path, z.array(z.unknown()), "the list of approvals", options);
    return rows.flatMap((row) => PendingRunSchema.safeParse(row).data ?? []);
  }

  /**
   * Asks the service to stop the run; the record says later whether it did. One try: the caller repeats until terminal. A
   * success that does not show the record is followed by a look at it.
   */
  async cancelRun(runId: string, signal?: AbortSignal): Promise<RunRecord> {
    const path = `/runs/${segment(runId)}/cancel`;
    const response = await this.#send({ method: "POST", path }, "the run", signal, CANCEL_TIMEOUT_MS);
    const record = RunRecordSchema.safeParse(envelopeOf(response)?.data).data;
    return (
      record ??
      this.#call(
        { method: "GET", path: `/runs/${segment(runId)}` },
        RunRecordSchema,
        "the run",
        signal,
        CANCEL_TIMEOUT_MS,
      )
    );
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

  #read<S extends z.ZodType>(path: string, schema: S, what: string, options?: CallOptions): Promise<z.output<S>> {
    return this.#repeat(options, () => this.#call({ method: "GET", path }, schema, what, options?.signal));
  }

  #repeat<T>(options: CallOptions | undefined, attempt: () => Promise<T>): Promise<T> {
    const { signal, attempts = DEFAULT_ATTEMPTS } = options ?? {};
    return retrying(this.ambient, this.budget, signal ? { signal, attempts } : { attempts }, attempt);
  }

  async #call<S extends z.ZodType>(
    request: Pick<HttpRequest, "method" | "path" | "body">,
    schema: S,
    what: string,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<z.output<S>> {
    return (await this.#exchange(request, schema, what, signal, timeoutMs)).value;
  }

  /** Rows as the service shows them, not yet judged. */
  #page(
    path: string,
    limit: number,
    what: string,
    options?: CallOptions,
  ): Promise<{ rows: unknown[]; hasMore: boolean }> {
    return this.#repeat(options, async () => {
      const schema = z.array(z.unknown());
      const { value, envelope } = await this.#exchange({ method: "GET", path }, schema, what, options?.signal);
      return { rows: value, hasMore: envelope?.pagination?.has_more ?? value.length >= limit };
    });
  }

  async #exchange<S extends z.ZodType>(
    request: Pick<HttpRequest, "method" | "path" | "body">,
    schema: S,
    what: string,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<{ value: z.output<S>; response: HttpResponse; envelope: Envelope | undefined }> {
    const response = await this.#send(request, what, signal, timeoutMs);
    const envelope = envelopeOf(response);
    const parsed = schema.safeParse(envelope?.data);
    if (parsed.success) return { value: parsed.data, response, envelope };
    throw new ExecutionFailure("contract", `Seren Cloud's answer about ${what} is not one this version can read`, {
      cause: parsed.error,
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

/** Ids come from hosts and files: nothing in them may change the path. */
function segment(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) {
    throw new ExecutionFailure("invalid_input", "a Seren Cloud id has letters, digits, '-' and '_' only");
  }
  return id;
}

function queryString(values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text ? `?${text}` : "";
}

/**
 * Typed calls, one method per operation. A method that only reads, or that may be repeated, repeats itself while the
 * service is away; `createRun` and `deploy` try once, because whether they may be repeated is decided by `start-run.ts`
 * and `core/target.ts`, which look first.
 */

import * as z from "zod";
import {
  type CreateDeployment,
  type CreateRun,
  DeploymentStatusSchema,
  type DeploymentSummary,
  DeploymentSummarySchema,
  EnvelopeSchema,
  MAX_PAGE,
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

  listDeployments(options?: CallOptions): Promise<DeploymentSummary[]> {
    return this.#read("/deployments", z.array(DeploymentSummarySchema), "the list of deployments", options);
  }

  getDeployment(deploymentId: string, options?: CallOptions): Promise<DeploymentSummary> {
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
    await this.#repeat(options, () =>
      this.#call(
        { method: "POST", path: `/deployments/${segment(deploymentId)}/start` },
        DeploymentStatusSchema,
        "the deployment",
        options?.signal,
      ),
    );
  }

  /** One try, never aborted by a caller: a create call dropped on the wire may leave a run that nobody can name. */
  createRun(deploymentId: string, body: CreateRun): Promise<{ httpStatus: number; invocation: RunInvocation }> {
    return this.#exchange(
      { method: "POST", path: `/deployments/${segment(deploymentId)}/runs`, body: JSON.stringify(body) },
      RunInvocationSchema,
      "the deployment",
    ).then(({ value, response }) => ({ httpStatus: response.status, invocation: value }));
  }

  getRun(runId: string, options?: CallOptions): Promise<RunRecord> {
    return this.#read(`/runs/${segment(runId)}`, RunRecordSchema, "the run", options);
  }

  getRunState(runId: string, options?: CallOptions): Promise<RunLiveState> {
    return this.#read(`/runs/${segment(runId)}/state`, RunLiveStateSchema, "the run", options);
  }

  /** Records of one deployment, or of the whole organization. Unreadable records are left out. */
  async listRuns(deploymentId: string | undefined, query: ListRuns = {}, options?: CallOptions): Promise<RunRecord[]> {
    const path = `${deploymentId ? `/deployments/${segment(deploymentId)}` : ""}/runs${queryString({
      limit: query.limit ?? MAX_PAGE.runs,
      offset: query.offset,
      status: query.status,
      conversation_id: query.conversationId,
    })}`;
    const rows = await this.#read(path, z.array(z.unknown()), "the list of runs", options);
    return rows.flatMap((row) => RunRecordSchema.safeParse(row).data ?? []);
  }

  async listRunEvents(runId: string, offset: number, options?: CallOptions): Promise<EventPage> {
    const path = `/runs/${segment(runId)}/events${queryString({ limit: MAX_PAGE.events, offset })}`;
    return this.#repeat(options, async () => {
      const { value, hasMore } = await this.#exchange(
        { method: "GET", path },
        z.array(z.unknown()),
        "the run",
        options?.signal,
      );
      return { events: value, hasMore: hasMore ?? value.length >= MAX_PAGE.events };
    });
  }

  listRunArtifacts(runId: string, options?: CallOptions): Promise<RunArtifact[]> {
    const path = `/runs/${segment(runId)}/artifacts${queryString({ limit: MAX_PAGE.artifacts })}`;
    return this.#read(path, z.array(RunArtifactSchema), "the run", options);
  }

  getPendingApprovals(runId: string, options?: CallOptions): Promise<RunPendingApprovals> {
    return this.#read(`/runs/${segment(runId)}/pending_approvals`, RunPendingApprovalsSchema, "the run", options);
  }

  /** Asks the service to stop the run; the record says later whether it did. One try: the caller repeats until terminal. */
  cancelRun(runId: string, signal?: AbortSignal): Promise<RunRecord> {
    return this.#call(
      { method: "POST", path: `/runs/${segment(runId)}/cancel` },
      RunRecordSchema,
      "the run",
      signal,
      CANCEL_TIMEOUT_MS,
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

  async #exchange<S extends z.ZodType>(
    request: Pick<HttpRequest, "method" | "path" | "body">,
    schema: S,
    what: string,
    signal?: AbortSignal,
    timeoutMs = CALL_TIMEOUT_MS,
  ): Promise<{ value: z.output<S>; response: HttpResponse; hasMore?: boolean }> {
    const response = await this.#transport.request({ ...request, timeoutMs, ...(signal ? { signal } : {}) });
    if (response.status < 200 || response.status > 299) throw toFailure(response, what, this.ambient);
    const envelope = EnvelopeSchema.safeParse(unwrap(response.body));
    const parsed = schema.safeParse(envelope.data?.data);
    if (!envelope.success || !parsed.success) {
      throw new ExecutionFailure("contract", `Seren Cloud's answer about ${what} is not one this version can read`, {
        cause: envelope.error ?? parsed.error,
        details: { status: response.status },
      });
    }
    const hasMore = envelope.data.pagination?.has_more;
    return { value: parsed.data, response, ...(hasMore === undefined ? {} : { hasMore }) };
  }
}

/**
 * The envelope of an answer. A gateway in front of some installations wraps it once more as `{data: {status, body}}`,
 * `body` being an object or JSON text (`seren-cloud-api` reference 1.2).
 */
function unwrap(text: string): unknown {
  const outer = parseJson(text);
  const inner = GatewaySchema.safeParse(outer);
  if (!inner.success) return outer;
  const { body } = inner.data.data;
  const opened = typeof body === "string" ? parseJson(body) : body;
  return EnvelopeSchema.safeParse(opened).success ? opened : { data: opened };
}

const GatewaySchema = z.looseObject({ data: z.strictObject({ status: z.number(), body: z.unknown() }) });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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

/**
 * The network between a simulated process and the embedded service: it has latency, fails, and splits bytes anywhere. To the
 * client it behaves like `src/seren/http/http-transport.ts`.
 */
import { type LocalResponse, type LocalService, PUBLISHER_PREFIX } from "../../src/local/index.ts";
import type { HttpRequest, HttpResponse, HttpStream, HttpTransport } from "../../src/seren/http/transport.ts";
import { orAborted, timeoutSignal } from "../../src/support/abort.ts";
import { ExecutionFailure, type FailureDetails } from "../../src/support/failure.ts";
import { SeededRandom } from "../support/in-process/seeded-random.ts";
import type { ProcessAmbient } from "./process-ambient.ts";
import type { Trace } from "./trace.ts";

/** Probabilities per exchange, times in milliseconds. */
export interface NetworkPlan {
  seed: number;
  /** Longest latency in each direction. */
  latencyMs: number;
  /** Connection refused: the request is never sent. */
  refused: number;
  /** The request or its response is lost. */
  lost: number;
  /** An open stream breaks; drawn for each chunk. */
  cut: number;
  /** Whether chunks are split at random bytes. */
  shred: boolean;
  /** Responses with more characters are refused, except pages of a single row. Default: no limit. */
  largest?: number;
}

type Sent = Omit<HttpRequest, "timeoutMs"> & { headers?: Record<string, string> };

export class SimulatedTransport implements HttpTransport {
  readonly #cloud: LocalService;
  readonly #ambient: ProcessAmbient;
  readonly #network: NetworkPlan;
  readonly #trace: Trace;
  readonly #random: SeededRandom;
  readonly #hangUps = new Set<() => void>();
  #inFlight = 0;

  /** Requests to resume an interrupted run, with the time each was sent. */
  readonly resumes: { runId: string; at: number }[] = [];

  constructor(cloud: LocalService, ambient: ProcessAmbient, network: NetworkPlan, trace: Trace) {
    this.#cloud = cloud;
    this.#ambient = ambient;
    this.#network = network;
    this.#trace = trace;
    this.#random = new SeededRandom(network.seed);
  }

  /** Number of calls without a response and of open streams. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Breaks the connections of a killed process. Requests that were already sent may still arrive. */
  kill(): void {
    for (const hangUp of this.#hangUps) hangUp();
    this.#hangUps.clear();
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const bound = timeoutSignal(this.#ambient, request.timeoutMs, request.signal);
    this.#inFlight += 1;
    let status: number | undefined;
    try {
      const response = await this.#exchange(request, bound.signal);
      status = response.status;
      const text = typeof response.body === "string" ? response.body : await joined(response.body);
      if (text.length > (this.#network.largest ?? Number.POSITIVE_INFINITY) && !/[?&]limit=1\b/.test(request.path)) {
        throw new ExecutionFailure("contract", "too large", { details: { status, tooLarge: true } });
      }
      return { status: response.status, headers: response.headers, body: text };
    } catch (error) {
      throw toConnectionFailure(error, request.signal, { status, overdue: bound.signal.aborted });
    } finally {
      this.#inFlight -= 1;
      bound.release();
    }
  }

  async openStream(request: Omit<HttpRequest, "body"> & { headers: Record<string, string> }): Promise<HttpStream> {
    const gone = new AbortController();
    const bound = timeoutSignal(this.#ambient, request.timeoutMs, request.signal);
    const forward = () => gone.abort(bound.signal.reason);
    bound.signal.addEventListener("abort", forward, { once: true });
    if (bound.signal.aborted) forward();
    this.#inFlight += 1;
    try {
      const { status, headers, body } = await this.#exchange(request, gone.signal);
      const onAbort = () => close();
      request.signal?.addEventListener("abort", onAbort, { once: true });
      let open = true;
      const close = () => {
        if (!open) return;
        open = false;
        this.#inFlight -= 1;
        request.signal?.removeEventListener("abort", onAbort);
        gone.abort(new Error("stream closed"));
      };
      if (request.signal?.aborted) close();
      return { status, headers, body: this.#bytes(body, request.signal, gone.signal, close), close };
    } catch (error) {
      this.#inFlight -= 1;
      throw toConnectionFailure(error, request.signal, { overdue: bound.signal.aborted });
    } finally {
      bound.signal.removeEventListener("abort", forward);
      bound.release();
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Rejects when the connection breaks or `signal` aborts. Never settles after the process was killed. */
  #exchange(request: Sent, signal: AbortSignal): Promise<Exclude<LocalResponse, { drop: true }>> {
    const { latencyMs, refused, lost } = this.#network;
    const random = this.#random;
    const there = random.int(0, latencyMs);
    const back = random.int(0, latencyMs);
    const isRefused = random.chance(refused);
    const fate = random.chance(lost) ? random.pick(["there", "back"] as const) : undefined;
    const arrivesAnyway = random.chance(0.5);
    this.#trace.note(
      `${this.#ambient.now()} > ${request.method} ${request.path} ${isRefused ? "refused" : (fate ?? "")}`,
    );
    // The same path takes decisions, which name a checkpoint.
    const isResume = request.method === "POST" && !request.body?.includes("resume_checkpoint_id");
    const resumed = isResume ? /^\/runs\/([^/]+)\/resume$/.exec(request.path)?.[1] : undefined;
    if (resumed !== undefined) this.resumes.push({ runId: resumed, at: this.#ambient.now() });
    return new Promise((resolve, reject) => {
      if (!this.#ambient.alive) return;
      let departed = false;
      const gone = new AbortController();
      const over = () => {
        signal.removeEventListener("abort", onAbort);
        this.#hangUps.delete(hangUp);
      };
      const settle = (act: () => void) => {
        over();
        if (this.#ambient.alive) act();
      };
      const hangUp = () => {
        gone.abort();
        if (!departed) stop();
      };
      const onAbort = () => {
        if (departed || !arrivesAnyway) hangUp();
        settle(() => reject(signal.reason));
      };
      if (signal.aborted) return reject(signal.reason);
      if (isRefused) {
        const refusal = new Error("connection refused");
        return void this.#ambient.timer(1 + there, () =>
          settle(() => reject(Object.assign(refusal, { neverSent: true }))),
        );
      }
      signal.addEventListener("abort", onAbort, { once: true });
      this.#hangUps.add(hangUp);
      // On the network's clock: a request that was sent arrives even if the process dies.
      const stop = this.#ambient.networkClock.timer(1 + there, () => {
        departed = true;
        if (fate === "there") return settle(() => reject(new Error("connection lost on the way there")));
        const { method, path, body, headers } = request;
        const arrived = this.#cloud.handle(
          {
            method,
            path: PUBLISHER_PREFIX + path,
            headers: {
              authorization: "Bearer sim",
              ...(body === undefined ? {} : { "content-type": "application/json" }),
              ...headers,
            },
            body,
          },
          gone.signal,
        );
        void arrived.then((response) => {
          this.#ambient.networkClock.timer(1 + back, () =>
            settle(() => {
              if (response.drop || fate === "back") {
                gone.abort();
                return reject(new Error("connection lost on the way back"));
              }
              this.#trace.note(`${this.#ambient.now()} < ${response.status} ${request.path}`);
              if (typeof response.body !== "string") this.#keepOpen(gone, signal);
              resolve(response);
            }),
          );
        });
      });
    });
  }

  #keepOpen(gone: AbortController, signal: AbortSignal): void {
    const hangUp = () => {
      this.#hangUps.delete(hangUp);
      gone.abort();
    };
    this.#hangUps.add(hangUp);
    signal.addEventListener("abort", hangUp, { once: true });
  }

  async *#bytes(
    body: string | AsyncIterable<string>,
    asked: AbortSignal | undefined,
    gone: AbortSignal,
    close: () => void,
  ): AsyncGenerator<Uint8Array, void, void> {
    const encoder = new TextEncoder();
    const source = typeof body === "string" ? once(body) : body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await orAborted(source.next(), gone);
        if (!this.#ambient.alive) await new Promise<never>(() => undefined);
        if (step.done) return;
        if (this.#random.chance(this.#network.cut)) throw new Error("stream cut");
        const bytes = encoder.encode(step.value);
        if (!this.#network.shred) yield bytes;
        else for (const piece of shredded(bytes, this.#random)) yield piece;
      }
    } catch (error) {
      if (!this.#ambient.alive) await new Promise<never>(() => undefined);
      throw toConnectionFailure(error, asked);
    } finally {
      close();
      void source.return?.();
    }
  }
}

function* shredded(bytes: Uint8Array, random: SeededRandom): Generator<Uint8Array, void, void> {
  for (let start = 0; start < bytes.length; ) {
    const end = Math.min(bytes.length, start + random.magnitude(1, 200));
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function* once(text: string): AsyncGenerator<string, undefined, void> {
  yield text;
}

async function joined(body: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of body) text += piece;
  return text;
}

function toConnectionFailure(
  error: unknown,
  signal: AbortSignal | undefined,
  { status, overdue }: Pick<FailureDetails, "status" | "overdue"> = {},
): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof ExecutionFailure) return error;
  const neverSent = error instanceof Error && "neverSent" in error && error.neverSent === true;
  const details: FailureDetails = status === undefined ? { neverSent } : { status };
  if (overdue) details.overdue = true;
  return new ExecutionFailure("unavailable", "Seren Cloud could not be reached", { cause: error, details });
}

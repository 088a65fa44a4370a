/** A scripted HTTP transport: the test provides a function for each route, and every request is recorded. */
import type { HttpRequest, HttpResponse, HttpStream, HttpTransport } from "../../../src/seren/http/transport.ts";
import { orAborted, timeoutSignal } from "../../../src/support/abort.ts";
import type { Ambient } from "../../../src/support/ambient.ts";
import { ExecutionFailure, type FailureDetails } from "../../../src/support/failure.ts";

/** A request as it was sent. */
export interface Sent {
  method: string;
  path: string;
  query: URLSearchParams;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  body: any;
  headers: Record<string, string>;
  /** On the virtual clock. */
  at: number;
  signal: AbortSignal;
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
  /** Virtual time until the response; `Infinity` for never. */
  afterMs?: number;
}

/** A step of a stream: bytes, a pause, or an end. A stream without further steps stays open and silent. */
export type Step = string | Uint8Array | { waitMs: number } | "cut" | "end";

export interface StreamReply {
  status?: number;
  headers?: Record<string, string>;
  steps?: Step[];
}

type Answer<T> = T | ExecutionFailure | Promise<T | ExecutionFailure>;

/** The failure of a connection that breaks after the request went out, as the HTTP transport reports it. */
export function lost(details: FailureDetails = { neverSent: false }): ExecutionFailure {
  return new ExecutionFailure("unavailable", "Seren Cloud could not be reached", { details });
}

/** Returns a response in the service's envelope. */
export function data(value: unknown, more?: { hasMore: boolean }): Reply {
  const pagination = more && { total: 0, count: 0, limit: 0, offset: 0, has_more: more.hasMore };
  return { body: more ? { data: value, pagination } : { data: value } };
}

export class FakeTransport implements HttpTransport {
  readonly sent: Sent[] = [];
  /** Number of open streams. */
  openStreams = 0;
  closed = false;
  readonly #ambient: Ambient;
  readonly #calls = new Map<string, (request: Sent) => Answer<Reply>>();
  readonly #streams = new Map<string, (request: Sent) => Answer<StreamReply>>();

  constructor(ambient: Ambient) {
    this.#ambient = ambient;
  }

  /** Sets the response to a route such as `GET /runs/*`, where `*` is one segment. A later one replaces an earlier one. */
  on(route: string, answer: (request: Sent) => Answer<Reply>): this {
    this.#calls.set(route, answer);
    return this;
  }

  onStream(route: string, answer: (request: Sent) => Answer<StreamReply>): this {
    this.#streams.set(route, answer);
    return this;
  }

  /** Returns the requests to a route so far. */
  to(route: string): Sent[] {
    return this.sent.filter((request) => fits(route, request));
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const reply = await this.#exchange(this.#calls, request, {});
    const { status = 200, headers = {}, body = "" } = reply;
    return { status, headers, body: typeof body === "string" ? body : JSON.stringify(body) };
  }

  async openStream(request: Parameters<HttpTransport["openStream"]>[0]): Promise<HttpStream> {
    const reply: StreamReply = await this.#exchange(this.#streams, request, request.headers);
    const { status = 200, headers = { "content-type": "text/event-stream" }, steps = [] } = reply;
    this.openStreams += 1;
    const body = new ScriptedBody(steps, this.#ambient, request.signal, () => {
      this.openStreams -= 1;
    });
    return { status, headers, body, close: () => body.close() };
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  async #exchange<T extends Reply | StreamReply>(
    routes: ReadonlyMap<string, (request: Sent) => Answer<T>>,
    { method, path, body, timeoutMs, signal }: HttpRequest,
    headers: Record<string, string>,
  ): Promise<T> {
    if (signal?.aborted) throw signal.reason;
    const [pathname = "", search = ""] = path.split("?");
    const sent: Sent = {
      method,
      path: pathname,
      query: new URLSearchParams(search),
      body: body === undefined ? undefined : JSON.parse(body),
      headers,
      at: this.#ambient.now(),
      signal,
    };
    this.sent.push(sent);
    const route = [...routes].find(([name]) => fits(name, sent));
    if (!route) throw new Error(`the test has no answer for ${method} ${path}`);
    const bound = timeoutSignal(this.#ambient, timeoutMs, signal);
    try {
      const reply = await orAborted(Promise.resolve(route[1](sent)), bound.signal);
      if (reply instanceof ExecutionFailure) throw reply;
      const wait = "afterMs" in reply ? (reply.afterMs ?? 0) : 0;
      if (wait > 0) await orAborted(this.#after(wait), bound.signal);
      return reply;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (bound.signal.aborted) throw lost({ neverSent: false, overdue: true });
      throw error;
    } finally {
      bound.release();
    }
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (Number.isFinite(ms)) this.#ambient.timer(ms, resolve, { unref: true });
    });
  }
}

class ScriptedBody implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array, undefined> {
  readonly #steps: Step[];
  readonly #ambient: Ambient;
  readonly #controller = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #onClose: () => void;
  readonly #forward = () => this.#controller.abort(this.#signal?.reason);
  #over = false;

  constructor(steps: Step[], ambient: Ambient, signal: AbortSignal | undefined, onClose: () => void) {
    this.#steps = [...steps];
    this.#ambient = ambient;
    this.#signal = signal;
    this.#onClose = onClose;
    signal?.addEventListener("abort", this.#forward, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const { signal } = this.#controller;
    for (;;) {
      if (signal.aborted) throw this.#signal?.aborted ? this.#signal.reason : lost();
      const step = this.#steps.shift();
      if (step === "end") {
        this.close();
        return { done: true, value: undefined };
      }
      if (step === "cut") {
        this.close();
        throw lost();
      }
      if (typeof step === "string") return { done: false, value: Buffer.from(step) };
      if (step instanceof Uint8Array) return { done: false, value: step };
      let stop: (() => void) | undefined;
      const waiting = new Promise<void>((resolve) => {
        if (step) stop = this.#ambient.timer(step.waitMs, resolve, { unref: true });
      });
      await orAborted(waiting, signal).catch(() => stop?.());
    }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#signal?.removeEventListener("abort", this.#forward);
    this.#controller.abort(new Error("closed"));
    this.#onClose();
  }
}

function fits(route: string, { method, path }: Sent): boolean {
  const [wanted, pattern = ""] = route.split(" ");
  const parts = pattern.split("/");
  const given = path.split("/");
  return (
    method === wanted &&
    parts.length === given.length &&
    parts.every((part, index) => part === "*" || part === given[index])
  );
}

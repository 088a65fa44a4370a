/**
 * The only module that knows undici. Two agents: one for calls, one for streams, so that open streams never make a call
 * wait (undici counts no queueing time in its timeouts). All timeouts are ours, from the ambient clock; undici's own are
 * off, because they are coarse and would cut a quiet stream.
 */
import { Agent, type Dispatcher } from "undici";
import { within } from "../support/abort.ts";
import type { Ambient } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";
import type { Secret } from "../support/secret.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "./transport.ts";

/** Largest response body read into memory. A record of a very long run is the largest thing asked for. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 30_000;

/** Errors that say the request never left: nothing can have happened twice. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export interface HttpOptions {
  /** Origin and publisher prefix, without a trailing slash. */
  baseUrl: string;
  /** Asked for at each call, so that a missing key fails the call that needs it and says how to provide one. */
  apiKey: () => Secret;
  userAgent: string;
  ambient: Ambient;
  /** For simulations. Default: an agent each for calls and for streams. */
  dispatcher?: Dispatcher;
}

export function createHttp(options: HttpOptions): HttpTransport {
  const { ambient } = options;
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/$/, "");
  const quiet = { headersTimeout: 0, bodyTimeout: 0 };
  const calls =
    options.dispatcher ?? new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, connections: 32, ...quiet });
  const streams = options.dispatcher ?? new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS }, ...quiet });

  const send = (via: Dispatcher, request: HttpRequest & { headers?: Record<string, string> }, signal: AbortSignal) =>
    via.request({
      origin: base.origin,
      path: prefix + request.path,
      method: request.method,
      headers: {
        authorization: `Bearer ${options.apiKey().reveal()}`,
        accept: "application/json",
        "user-agent": options.userAgent,
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal,
    });

  return {
    async request(request): Promise<HttpResponse> {
      const bound = within(ambient, request.timeoutMs, request.signal);
      try {
        const response = await send(calls, request, bound.signal);
        return {
          status: response.statusCode,
          headers: flat(response.headers),
          body: await readText(response.body),
        };
      } catch (error) {
        throw roadFailure(error, request.signal);
      } finally {
        bound.release();
      }
    },

    async openStream(request) {
      const controller = new AbortController();
      const bound = within(ambient, request.timeoutMs, request.signal);
      const forward = () => controller.abort(bound.signal.reason);
      bound.signal.addEventListener("abort", forward, { once: true });
      if (bound.signal.aborted) forward();
      try {
        const response = await send(streams, request, controller.signal);
        const onAbort = () => controller.abort(request.signal?.reason);
        request.signal?.addEventListener("abort", onAbort, { once: true });
        if (request.signal?.aborted) onAbort();
        const close = () => {
          request.signal?.removeEventListener("abort", onAbort);
          controller.abort(new Error("stream closed"));
        };
        response.body.on("error", () => undefined); // read errors reach the reader; an unread body must not crash
        return {
          status: response.statusCode,
          headers: flat(response.headers),
          body: guarded(response.body, request.signal, close),
          close,
        };
      } catch (error) {
        throw roadFailure(error, request.signal);
      } finally {
        bound.signal.removeEventListener("abort", forward);
        bound.release();
      }
    },

    async close() {
      await Promise.allSettled(options.dispatcher ? [] : [calls.destroy(), streams.destroy()]);
    },
  };
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      throw new ExecutionFailure(
        "contract",
        `Seren Cloud's answer is larger than ${MAX_BODY_BYTES} bytes; it was not read`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* guarded(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  close: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of body) yield chunk;
  } catch (error) {
    throw roadFailure(error, signal);
  } finally {
    close();
  }
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return out;
}

/** What went wrong between here and the service. The caller's own abort passes through as it is. */
function roadFailure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof ExecutionFailure) return error;
  const code = errorCode(error);
  return new ExecutionFailure("unavailable", "Seren Cloud could not be reached; check the network and SEREN_API_BASE", {
    cause: error,
    details: { neverSent: code !== undefined && NEVER_SENT.has(code) },
  });
}

function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return errorCode(error.cause);
}

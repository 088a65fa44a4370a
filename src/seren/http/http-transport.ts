/**
 * Requests and streams over undici. Calls and streams have an agent each, so that an open stream never makes a call wait
 * for a connection (undici's timeouts do not count that wait). All timeouts are ours and use the ambient clock; undici's
 * own are off, because they are coarse and would cut a quiet stream.
 */
import type { Dispatcher } from "undici";
import { orAborted, timeoutSignal } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { ProxyRoute } from "../../support/proxy.ts";
import type { ReadSecret } from "../../support/secret.ts";
import { Semaphore } from "../../support/semaphore.ts";
import { toConnectionFailure } from "./connection-failure.ts";
import { decodeBody } from "./decode-body.ts";
import { createDispatcher } from "./dispatcher.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "./transport.ts";

/**
 * Largest response body read into memory, where it briefly takes about ten times its size. The record of a very long run
 * may be longer; `client.ts` then returns the run without it.
 */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Bodies longer than this are read at most `LARGE_AT_ONCE` at a time: parsed, they take several times their size. */
const LARGE_BODY_BYTES = 1024 * 1024;
const LARGE_AT_ONCE = 2;

export interface HttpOptions {
  /** Origin and publisher prefix, without a trailing slash. */
  baseUrl: string;
  /**
   * Called for each request, so that a missing key fails the request that needs it. Undefined for an endpoint that wants
   * no key.
   */
  apiKey: ReadSecret | undefined;
  userAgent: string;
  ambient: Ambient;
  /** Proxy for `baseUrl`. Default: none. */
  proxy?: ProxyRoute | undefined;
  /** For simulations. Default: one agent for calls and one for streams. */
  dispatcher?: Dispatcher;
  /** Longest answer read into memory. A longer one is a `contract` failure with `tooLarge`. Default 32 MiB. */
  maxBodyBytes?: number;
}

export function createHttp(options: HttpOptions): HttpTransport {
  const { ambient } = options;
  const base = new URL(options.baseUrl);
  const prefix = base.pathname.replace(/\/$/, "");
  const { proxy } = options;
  const calls = options.dispatcher ?? createDispatcher({ proxy, connections: 32 });
  const large = new Semaphore(LARGE_AT_ONCE);
  const streams = options.dispatcher ?? createDispatcher({ proxy });

  /** Of the key that was sent last. */
  let ifKeyRefused: string | undefined;
  // Awaited with `orAborted`: undici drops an aborted request that waits for a connection only when its turn comes.
  const send = async (
    via: Dispatcher,
    request: HttpRequest & { headers?: Record<string, string> },
    signal: AbortSignal,
  ) => {
    const key = await options.apiKey?.();
    ifKeyRefused = key?.ifRefused;
    return via.request({
      origin: base.origin,
      path: prefix + request.path,
      method: request.method,
      headers: {
        ...(key ? { authorization: `Bearer ${key.reveal()}` } : {}),
        accept: "application/json",
        "user-agent": options.userAgent,
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal,
    });
  };

  return {
    async request(request): Promise<HttpResponse> {
      const bound = timeoutSignal(ambient, request.timeoutMs, request.signal);
      let status: number | undefined;
      try {
        const response = await orAborted(send(calls, request, bound.signal), bound.signal);
        status = response.statusCode;
        const limit = options.maxBodyBytes ?? MAX_BODY_BYTES;
        const headers = flat(response.headers);
        const bytes = decodeBody(response.body, headers["content-encoding"]);
        const limits = { most: limit, declared: Number(headers["content-length"] ?? 0) };
        return { status, headers, body: await readText(bytes, limits, () => large.take(bound.signal)) };
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason;
        throw toConnectionFailure(error, { status, overdue: bound.signal.aborted });
      } finally {
        bound.release();
      }
    },

    async openStream(request) {
      const controller = new AbortController();
      const bound = timeoutSignal(ambient, request.timeoutMs, request.signal);
      const forward = () => controller.abort(bound.signal.reason);
      bound.signal.addEventListener("abort", forward, { once: true });
      if (bound.signal.aborted) forward();
      try {
        const response = await orAborted(send(streams, request, controller.signal), controller.signal);
        const onAbort = () => controller.abort(request.signal.reason);
        request.signal.addEventListener("abort", onAbort, { once: true });
        if (request.signal.aborted) onAbort();
        const close = () => {
          request.signal.removeEventListener("abort", onAbort);
          controller.abort(new Error("stream closed"));
        };
        const headers = flat(response.headers);
        const bytes = decodeBody(response.body, headers["content-encoding"]);
        return {
          status: response.statusCode,
          headers,
          body: guarded(bytes, request.signal, close),
          close,
        };
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason;
        throw toConnectionFailure(error, { overdue: bound.signal.aborted });
      } finally {
        bound.signal.removeEventListener("abort", forward);
        bound.release();
      }
    },

    ifKeyRefused: () => ifKeyRefused,

    async close() {
      await Promise.allSettled(options.dispatcher ? [] : [calls.destroy(), streams.destroy()]);
    },
  };
}

/** `declared`: what the answer says of its length. It is believed where it is too much, so that no part is read in vain. */
async function readText(
  body: AsyncIterable<Uint8Array>,
  { most, declared }: { most: number; declared: number },
  takeSlot: () => Promise<() => void>,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let leave: (() => void) | undefined;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > most || declared > most) {
        throw new ExecutionFailure("contract", `Seren Cloud's answer is larger than ${most} bytes; it was not read`, {
          details: { tooLarge: true },
        });
      }
      if (size > LARGE_BODY_BYTES) leave ??= await takeSlot();
      chunks.push(chunk);
    }
    return new TextDecoder().decode(Buffer.concat(chunks)); // drops a byte-order mark, which JSON.parse rejects
  } finally {
    leave?.();
  }
}

/**
 * Returns the body, which closes the exchange at its end and rejects with our failures. Not a generator: that would cost
 * several promises for each chunk.
 */
function guarded(body: AsyncIterable<Uint8Array>, signal: AbortSignal, close: () => void): AsyncIterable<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const onStep = (step: IteratorResult<Uint8Array>) => {
    if (step.done) close();
    return step;
  };
  const onError = (error: unknown) => {
    close();
    throw signal.aborted ? signal.reason : toConnectionFailure(error);
  };
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => chunks.next().then(onStep, onError),
      return: async () => {
        close();
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    }),
  };
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return out;
}

/**
 * Downloads the content of an artifact. Its address comes from a run, so it is untrusted: the request carries no key, the
 * address must be https on the public internet or at the service's own origin, and redirects are not followed.
 */
import { orAborted, timeoutSignal } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { ProxyRoute } from "../../support/proxy.ts";
import { decodeBody } from "./decode-body.ts";
import { createDispatcher } from "./dispatcher.ts";
import { publicLookup, type Resolve } from "./public-address.ts";
import { readStrangerAddress } from "./stranger-address.ts";

const TIMEOUT_MS = 120_000;

export interface DownloadOptions {
  ambient: Ambient;
  maxBytes: number;
  signal: AbortSignal;
  /** Address of the service. Content at its origin may be on loopback and without TLS, as the service itself. */
  service: string;
  /** Returns the proxy for an address. Default: none. A proxy resolves names itself, so only IP addresses are judged here. */
  proxyFor?: ((target: URL) => ProxyRoute | undefined) | undefined;
  /** Resolves names. Default: the system. */
  resolve?: Resolve;
}

/** Yields the content. Rejects with the reason when it cannot be had, as soon as it is longer than `maxBytes`. */
export async function* download(
  address: string,
  { ambient, maxBytes, signal, service, proxyFor, resolve }: DownloadOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { url, isOwn } = readStrangerAddress(address, service, refuse);
  const dispatcher = createDispatcher({ proxy: proxyFor?.(url), ...(isOwn ? {} : { lookup: publicLookup(resolve) }) });
  const bound = timeoutSignal(ambient, TIMEOUT_MS, signal);
  try {
    const { origin, pathname, search } = url;
    const sent = dispatcher.request({ origin, path: pathname + search, method: "GET", signal: bound.signal });
    const { statusCode, headers, body } = await orAborted(sent, bound.signal);
    if (statusCode !== 200) throw new ExecutionFailure("unavailable", `its address answered HTTP ${statusCode}`);
    let size = 0;
    const encoding = headers["content-encoding"];
    for await (const chunk of decodeBody(body, encoding === undefined ? encoding : `${encoding}`, "its content")) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new ExecutionFailure("invalid_input", `it is larger than ${maxBytes} bytes`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ExecutionFailure) throw error;
    if (error instanceof Error && error.cause instanceof ExecutionFailure) throw error.cause;
    const what = bound.signal.aborted ? "its address did not answer in time" : "its address could not be reached";
    throw new ExecutionFailure("unavailable", what, { cause: error });
  } finally {
    bound.release();
    void dispatcher.destroy();
  }
}

function refuse(why: string): ExecutionFailure {
  return new ExecutionFailure("invalid_input", `its address ${why}`);
}

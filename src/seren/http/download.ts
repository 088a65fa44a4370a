/**
 * Downloads the content of an artifact. Its address comes from a run, so it is untrusted: the request carries no key, the
 * address must be https (or loopback, for the embedded service), and redirects are not followed.
 */
import { timeoutSignal } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { isLoopback, type ProxyRoute } from "../../support/proxy.ts";
import { createDispatcher } from "./dispatcher.ts";

const TIMEOUT_MS = 120_000;

export interface DownloadOptions {
  ambient: Ambient;
  address: string;
  maxBytes: number;
  /** Returns the proxy for an address. Default: none. */
  proxyFor?: ((target: URL) => ProxyRoute | undefined) | undefined;
}

/** Returns the content. Rejects with the reason when it cannot be had, or is longer than `maxBytes`. */
export async function download({ ambient, address, maxBytes, proxyFor }: DownloadOptions): Promise<Uint8Array> {
  const url = acceptable(address);
  const dispatcher = createDispatcher({ proxy: proxyFor?.(url) });
  const bound = timeoutSignal(ambient, TIMEOUT_MS);
  try {
    const { statusCode, body } = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: "GET",
      signal: bound.signal,
    });
    if (statusCode !== 200) throw new ExecutionFailure("unavailable", `its address answered HTTP ${statusCode}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new ExecutionFailure("invalid_input", `it is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof ExecutionFailure) throw error;
    throw new ExecutionFailure("unavailable", "its address could not be reached", { cause: error });
  } finally {
    bound.release();
    void dispatcher.destroy();
  }
}

function acceptable(address: string): URL {
  const refuse = (why: string) => new ExecutionFailure("invalid_input", `its address ${why}`);
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw refuse("is not a URL");
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw refuse("is not https");
  if (url.username || url.password) throw refuse("carries a password");
  return url;
}

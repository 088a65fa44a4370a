/**
 * Uploads an archive to the address that the service has signed for it. The address is a stranger's as much as an artifact's:
 * the request carries no key, the address must be https on the public internet or at the service's own origin, and redirects
 * are not followed. The address itself is a secret; no message shows it.
 */
import type { Readable } from "node:stream";
import { orAborted, timeoutSignal } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { ProxyRoute } from "../../support/proxy.ts";
import { createDispatcher } from "./dispatcher.ts";
import { publicLookup } from "./public-address.ts";
import { readStrangerAddress } from "./stranger-address.ts";

/** For a body of no size. The slowest line that is waited for has 32 KiB a second. */
const BASE_TIMEOUT_MS = 120_000;
const BYTES_PER_MS = 32;

export interface UploadOptions {
  url: string;
  /** As the service gave them: they are part of the signature. */
  headers: Readonly<Record<string, string>>;
  sizeBytes: number;
  /** Opens the content from its start. */
  content: () => Readable;
  ambient: Ambient;
  signal: AbortSignal;
  /** Address of the service. */
  service: string;
  proxyFor?: ((target: URL) => ProxyRoute | undefined) | undefined;
}

/** Rejects with `unavailable` when the upload failed and a new address may help, with `contract` for an address of no use. */
export async function upload(options: UploadOptions): Promise<void> {
  const { ambient, sizeBytes, signal, service, proxyFor } = options;
  const { url, isOwn } = readStrangerAddress(options.url, service, refuse);
  const dispatcher = createDispatcher({ proxy: proxyFor?.(url), ...(isOwn ? {} : { lookup: publicLookup() }) });
  const bound = timeoutSignal(ambient, BASE_TIMEOUT_MS + sizeBytes / BYTES_PER_MS, signal);
  const content = options.content();
  content.on("error", () => undefined); // the request reports it
  try {
    const sent = dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: "PUT",
      headers: { ...sendable(options.headers), "content-length": String(sizeBytes) },
      body: content,
      signal: bound.signal,
    });
    const { statusCode, body } = await orAborted(sent, bound.signal);
    await body.dump();
    if (statusCode === 413) throw tooLarge(sizeBytes);
    if (statusCode < 200 || statusCode > 299) throw failed(`its store answered HTTP ${statusCode}`);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof ExecutionFailure) throw error;
    if (error instanceof Error && error.cause instanceof ExecutionFailure) throw error.cause;
    throw failed(bound.signal.aborted ? "it took too long" : "its store could not be reached", error);
  } finally {
    bound.release();
    content.destroy();
    void dispatcher.destroy();
  }
}

/** `host` is signed and set by whoever sends; the length is ours. */
function sendable(headers: Readonly<Record<string, string>>): Record<string, string> {
  const ours = new Set(["host", "content-length", "authorization", "transfer-encoding", "connection"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.has(name.toLowerCase())));
}

function failed(why: string, cause?: unknown): ExecutionFailure {
  return new ExecutionFailure("unavailable", `the bundle could not be uploaded: ${why}`, { cause });
}

function tooLarge(sizeBytes: number): ExecutionFailure {
  return new ExecutionFailure(
    "unsupported",
    `the bundle has ${sizeBytes} bytes, which is more than Seren Cloud takes; leave out what is not needed to run it`,
  );
}

function refuse(why: string): ExecutionFailure {
  return new ExecutionFailure(
    "contract",
    `the bundle could not be uploaded: the address Seren Cloud gave for it ${why}`,
  );
}

/** The content of an artifact: fetched from its address, or kept by the service itself. */
import { createHash } from "node:crypto";
import { ExecutionFailure } from "../../support/failure.ts";
import type { Artifact } from "../events.ts";

export interface FetchLimits {
  maxBytes: number;
  signal: AbortSignal;
}

/** Returns the content of an address. Rejects when it cannot be had, or as soon as it is longer than `maxBytes`. */
export type Fetch = (address: string, limits: FetchLimits) => AsyncIterable<Uint8Array>;

/** Yields the content. Throws at its end when it does not match the hash that the artifact names. */
export async function* artifactContent(
  { uri, payload, sha256 }: Artifact,
  fetch: Fetch,
  limits: FetchLimits,
): AsyncGenerator<Uint8Array, void, void> {
  const hash = createHash("sha256");
  for await (const bytes of uri ? fetch(uri, limits) : [payloadBytes(payload)]) {
    hash.update(bytes);
    yield bytes;
  }
  if (sha256 && hash.digest("hex") !== sha256)
    throw new ExecutionFailure("contract", "its content does not match its hash");
}

/** Returns the content of an artifact, or undefined when it has more than `maxBytes`. Rejects when it cannot be had. */
export async function readArtifact(
  artifact: Artifact,
  fetch: Fetch,
  limits: FetchLimits,
): Promise<Uint8Array | undefined> {
  const { maxBytes } = limits;
  if ((artifact.sizeBytes ?? 0) > maxBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  // One more chunk than fits tells the two cases apart; `fetch` must not be the one to refuse.
  for await (const bytes of artifactContent(artifact, fetch, { ...limits, maxBytes: Number.POSITIVE_INFINITY })) {
    size += bytes.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function payloadBytes(payload: unknown): Uint8Array {
  if (payload === undefined || payload === null) {
    throw new ExecutionFailure("not_found", "it has neither an address nor content");
  }
  try {
    // Not indented: the blanks of deep nesting can be thousands of times the content.
    return Buffer.from(typeof payload === "string" ? payload : `${JSON.stringify(payload)}\n`);
  } catch (error) {
    throw new ExecutionFailure("invalid_input", "its content is nested too deeply", { cause: error });
  }
}

/** Reads the bodies of admitted requests, with a limit for each and one for all that are being read at the same time. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { ApiError } from "./api-error.ts";
import { MAX_BODY_BYTES } from "./body.ts";
import type { Content } from "./exchange.ts";

/** Four of the largest bodies. */
const MAX_HELD_BYTES = 4 * MAX_BODY_BYTES;

export class BodyReader {
  /** Bytes of bodies that have not been read to their ends. */
  #held = 0;

  /** Throws an `ApiError` for a body that is too large, and while too many others are being read. */
  async read(request: IncomingMessage): Promise<Buffer> {
    if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      // Leaving the loop must not destroy the request: its socket still has to carry the error response.
      for await (const chunk of request.iterator({ destroyOnReturn: false })) {
        const bytes: Buffer = chunk;
        size += bytes.length;
        this.#held += bytes.length;
        if (size > MAX_BODY_BYTES) throw tooLarge();
        if (this.#held > MAX_HELD_BYTES) throw busy();
        chunks.push(bytes);
      }
      return Buffer.concat(chunks);
    } finally {
      this.#held -= size;
    }
  }
}

/** Reads an upload of any size and keeps nothing of it but what tells whether it is the right one. */
export async function readContent(request: IncomingMessage): Promise<Content> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = chunk;
    sizeBytes += bytes.length;
    hash.update(bytes);
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

const tooLarge = () => new ApiError(413, "PayloadTooLarge", "The request body is larger than 32 MiB");
const busy = () =>
  new ApiError(503, "ServiceUnavailable", "Too many large requests at the same time", { "retry-after": "1" });

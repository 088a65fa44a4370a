/** Bodies that a server or a proxy compressed without being asked: we send no `accept-encoding`. */
import { pipeline, type Readable, type Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, type Zlib } from "node:zlib";
import { clipCharacters } from "../../support/clip.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { lookUp } from "../../support/objects.ts";
import { systemCode } from "../../support/system-error.ts";

const MAX_SHOWN_CHARACTERS = 40;
/** What the decoders say of bytes that are not compressed as they should be. */
const DAMAGED = /^(?:Z_|ERR_BROTLI_|ERR__ERROR_)/;

type Decoder = Transform & Pick<Zlib, "bytesWritten">;

const DECODERS: Readonly<Record<string, () => Decoder>> = {
  gzip: () => createGunzip({ flush: constants.Z_SYNC_FLUSH }),
  "x-gzip": () => createGunzip({ flush: constants.Z_SYNC_FLUSH }),
  deflate: () => createInflate({ flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
};

/**
 * Returns the body as it was before it was compressed, piece by piece; whoever reads it bounds it. `what` names it in
 * messages. Throws `contract` for an encoding that is not known.
 */
export function decodeBody(
  body: Readable,
  encoding: string | undefined,
  what = "Seren Cloud's answer",
): AsyncIterable<Uint8Array> {
  const encodings = (encoding ?? "")
    .toLowerCase()
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "" && one !== "identity");
  if (encodings.length === 0) return body;
  const [only = "", ...others] = encodings;
  const decoder = others.length === 0 ? lookUp(DECODERS, only)?.() : undefined;
  if (!decoder) {
    const shown = clipCharacters(encodings.join(", "), MAX_SHOWN_CHARACTERS, "…");
    body.on("error", () => undefined).destroy();
    throw new ExecutionFailure(
      "contract",
      `${what} arrived compressed (${shown}), which was not asked for; a proxy or gateway on the way does that`,
      { details: { explained: true } },
    );
  }
  pipeline(body, decoder, () => undefined); // an error reaches the reader through the decoder
  return piecesOf(decoder, only, what);
}

async function* piecesOf(decoder: Decoder, encoding: string, what: string): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* decoder;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (decoder.bytesWritten === 0 && code === "Z_BUF_ERROR") return; // nothing at all is no compressed nothing, and no fault
    if (!DAMAGED.test(code)) throw error;
    throw new ExecutionFailure(
      "unavailable",
      `${what} arrived compressed (${encoding}), which was not asked for, and damaged (${code}); a proxy or gateway on the way does that`,
      { cause: error, details: { explained: true } },
    );
  }
}

/** Reads the files of an archive one after the other, in pieces and bounded: the archive comes from a stranger. */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { ExecutionFailure } from "../support/failure.ts";
import { BLOCK_BYTES, paddingOf, readHeader, upToZero } from "./tar-header.ts";

const MAX_NAME_BYTES = 4096;

export interface ArchivedFile {
  /** As it is written in the archive: it may lead anywhere. */
  name: string;
  size: number;
  /** To be read to its end before the next file. */
  content: AsyncIterable<Buffer>;
}

/**
 * Yields the regular files; folders are passed over. Throws `invalid_input`, naming the archive as `shown`, when it is broken,
 * holds anything else, or unpacks to more than `maxBytes`.
 */
export async function* readArchive(
  path: string,
  shown: string,
  maxBytes: number,
): AsyncGenerator<ArchivedFile, void, void> {
  const broken = (why: string, cause?: unknown) =>
    new ExecutionFailure("invalid_input", `${shown} ${why}; build and pack it again`, { cause });
  const source = createReadStream(path);
  const bytes = new Pieces(source.pipe(createGunzip()), maxBytes, (cause) => broken("is damaged or cut off", cause));
  source.on("error", (error) => bytes.destroy(error));
  try {
    let longName: Buffer | undefined;
    for (;;) {
      const header = readHeader(await bytes.take(BLOCK_BYTES));
      if (!header) throw broken("is damaged: it is no tar archive");
      if (header.kind === "end") return;
      if (header.kind === "other") throw broken("holds links or special files, which no parcel has");
      if (header.kind === "long_name") {
        if (header.size > MAX_NAME_BYTES) throw broken("has a name that is too long");
        longName = upToZero(await bytes.take(header.size));
      } else if (header.kind === "folder") {
        longName = undefined;
        for await (const _ of bytes.pieces(header.size));
      } else {
        const name = nameIn(longName ?? header.name);
        if (name === undefined) throw broken("has a name that is not UTF-8");
        yield { name, size: header.size, content: bytes.pieces(header.size) };
        longName = undefined;
      }
      await bytes.take(paddingOf(header.size));
    }
  } finally {
    bytes.destroy();
    source.destroy();
  }
}

/** Undefined for one that is not UTF-8. */
function nameIn(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes of a stream in the sizes that are asked for. */
class Pieces {
  readonly #stream: NodeJS.ReadableStream & { destroy(error?: Error): void };
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #maxBytes: number;
  readonly #broken: (cause: unknown) => ExecutionFailure;
  #held: Buffer = Buffer.alloc(0);
  #total = 0;

  /** `broken` makes the failure for a stream that fails or ends too early. */
  constructor(
    stream: NodeJS.ReadableStream & { destroy(error?: Error): void },
    maxBytes: number,
    broken: (cause: unknown) => ExecutionFailure,
  ) {
    this.#broken = broken;
    this.#stream = stream;
    this.#chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    this.#maxBytes = maxBytes;
  }

  /** Rejects when the stream ends before. */
  async take(size: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for await (const piece of this.pieces(size)) taken.push(piece);
    return Buffer.concat(taken);
  }

  async *pieces(size: number): AsyncGenerator<Buffer, void, void> {
    for (let left = size; left > 0; ) {
      if (this.#held.length === 0) this.#held = await this.#next();
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  destroy(error?: Error): void {
    this.#stream.destroy(error);
  }

  async #next(): Promise<Buffer> {
    const step = await this.#chunks.next().catch((error: unknown) => {
      throw this.#broken(error);
    });
    if (step.done) throw this.#broken(undefined);
    this.#total += step.value.length;
    if (this.#total > this.#maxBytes) {
      throw new ExecutionFailure("invalid_input", `the archive unpacks to more than ${this.#maxBytes} bytes`);
    }
    return step.value;
  }
}

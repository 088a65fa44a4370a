/** Size and hash of an archive, read in pieces: it may be larger than memory. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { ExecutionFailure } from "../support/failure.ts";
import { notAFile, READ_FLAGS } from "../support/plain-file.ts";
import { pathFailure } from "../support/system-error.ts";

export interface ArchiveFile {
  /** 64 lower-case hex digits. */
  sha256: string;
  sizeBytes: number;
  /** Opens the archive from its start. */
  content(): Readable;
}

/** `shown` names the file in messages. Throws `invalid_input` for what is no regular file, and for one that is no gzip. */
export async function hashArchive(path: string, shown: string): Promise<ArchiveFile> {
  try {
    const file = await open(path, READ_FLAGS);
    const stats = await file.stat();
    if (!stats.isFile()) {
      await file.close();
      throw notAFile(shown, "read", stats);
    }
    const hash = createHash("sha256");
    let sizeBytes = 0;
    let magic = "";
    for await (const piece of file.createReadStream() as AsyncIterable<Buffer>) {
      if (magic.length < 4) magic += piece.toString("hex", 0, 2 - magic.length / 2);
      hash.update(piece);
      sizeBytes += piece.length;
    }
    if (magic !== "1f8b") {
      throw new ExecutionFailure(
        "invalid_input",
        `${shown} is no gzip archive; pack it with: tar -czf <file> <folder>`,
      );
    }
    return { sha256: hash.digest("hex"), sizeBytes, content: () => createReadStream(path) };
  } catch (error) {
    throw pathFailure(shown, "read", error);
  }
}

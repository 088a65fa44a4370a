/**
 * Packs the regular files of a folder: dot files too, links and empty folders not; ordered by path, without owners and times
 * (`docs/reference/dispatch-deployment-v1.md`, section 6.3). The same files give the same bytes on every machine.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { ExecutionFailure } from "../support/failure.ts";
import { pathFailure } from "../support/system-error.ts";
import { BLOCK_BYTES, headerOf, MAX_FILE_BYTES, paddingOf } from "./tar-header.ts";

const MAX_FILES = 100_000;
/** Byte 9 of a gzip header names the system that made it; 255 is none. */
const SYSTEM_AT = 9;

interface PackedFile {
  path: string;
  /** Relative to the folder, with forward slashes. */
  name: string;
}

/** Writes the archive to `target`. `shown` names the folder in messages. Throws `invalid_input` for one without files. */
export async function packFolder(folder: string, target: string, shown: string): Promise<void> {
  let files: PackedFile[];
  try {
    files = await filesBelow(folder);
  } catch (error) {
    throw pathFailure(shown, "read", error);
  }
  if (files.length === 0)
    throw new ExecutionFailure("invalid_input", `${shown} has no files, so there is nothing to deploy`);
  await pipeline(Readable.from(tar(files)), createGzip(), withoutSystem, createWriteStream(target, { mode: 0o600 }));
}

/** Depth first, each folder's entries in the order of their bytes: the order of the paths' components. */
async function filesBelow(root: string): Promise<PackedFile[]> {
  const found: PackedFile[] = [];
  const visit = async (folder: string, prefix: string): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await visit(path, `${prefix}${entry.name}/`);
      else if (entry.isFile()) found.push({ path, name: prefix + entry.name });
      if (found.length > MAX_FILES) {
        throw new ExecutionFailure("invalid_input", `there are more than ${MAX_FILES} files; give a smaller folder`);
      }
    }
  };
  await visit(root, "");
  return found;
}

async function* tar(files: readonly PackedFile[]): AsyncGenerator<Buffer, void, void> {
  for (const { path, name } of files) {
    const { size, mode } = await lstat(path);
    if (size > MAX_FILE_BYTES)
      throw new ExecutionFailure("invalid_input", `${name} is larger than an archive can hold`);
    yield headerOf({ name, mode, size });
    let read = 0;
    // With an end, so that a file that grows meanwhile does not spoil the archive.
    const content = size === 0 ? [] : (createReadStream(path, { end: size - 1 }) as AsyncIterable<Buffer>);
    for await (const piece of content) {
      read += piece.length;
      yield piece;
    }
    if (read !== size)
      throw new ExecutionFailure("invalid_input", `${name} changed while it was being read; try again`);
    yield Buffer.alloc(paddingOf(size));
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

async function* withoutSystem(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let at = 0;
  for await (const piece of pieces) {
    if (at <= SYSTEM_AT && at + piece.length > SYSTEM_AT) piece[SYSTEM_AT - at] = 0xff;
    at += piece.length;
    yield piece;
  }
}

/**
 * Packs the regular files of a folder: dot files too, links and empty folders not; ordered by path, without owners and times
 * (`docs/reference/dispatch-deployment-v1.md`, section 6.3). The same files give the same bytes on every machine.
 */
import { constants, createWriteStream } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { ExecutionFailure } from "../support/failure.ts";
import { READ_FLAGS } from "../support/plain-file.ts";
import { pathFailure } from "../support/system-error.ts";
import { BLOCK_BYTES, headerOf, MAX_FILE_BYTES, paddingOf } from "./tar-header.ts";

const MAX_FILES = 100_000;
const PIECE_BYTES = 64 * 1024;
/** A link in the place of a file is not followed. */
const FLAGS = READ_FLAGS | (constants.O_NOFOLLOW ?? 0);
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
  const source = Readable.from(tar(files));
  try {
    await pipeline(source, createGzip(), withoutSystem, createWriteStream(target, { mode: 0o600 }));
  } catch (error) {
    throw pathFailure(`the archive of ${shown}, in the folder for temporary files,`, "written", error);
  }
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
  for (const file of files) yield* entry(file);
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

/** What the folder had as a file may be something else by now. */
async function* entry({ path, name }: PackedFile): AsyncGenerator<Buffer, void, void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, FLAGS);
    const stats = await file.stat();
    const { size, mode } = stats;
    if (!stats.isFile()) throw changed(name);
    if (size > MAX_FILE_BYTES)
      throw new ExecutionFailure("invalid_input", `${name} is larger than an archive can hold`);
    yield headerOf({ name, mode, size });
    for (let left = size; left > 0; ) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(Math.min(left, PIECE_BYTES)), 0);
      if (bytesRead === 0) throw changed(name);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    yield Buffer.alloc(paddingOf(size));
  } catch (error) {
    throw pathFailure(name, "read", error);
  } finally {
    await file?.close();
  }
}

function changed(name: string): ExecutionFailure {
  return new ExecutionFailure("invalid_input", `${name} changed while it was being read; try again`);
}

async function* withoutSystem(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  let at = 0;
  for await (const piece of pieces) {
    if (at <= SYSTEM_AT && at + piece.length > SYSTEM_AT) piece[SYSTEM_AT - at] = 0xff;
    at += piece.length;
    yield piece;
  }
}

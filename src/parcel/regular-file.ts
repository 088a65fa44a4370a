/** Bounded reading of regular files. Links, devices and pipes are refused, so that a parcel cannot point outside its folder. */
import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { ExecutionFailure } from "../support/failure.ts";
import { tooLarge } from "../support/plain-file.ts";
import { pathFailure, systemCode } from "../support/system-error.ts";

const CHUNK_BYTES = 256 * 1024;

/** Windows has neither flag. With NONBLOCK, opening a pipe that was swapped in at the last moment does not block. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Reads the file at `path` from start to end and passes each piece to `take`, which must not keep it: the buffer is
 * reused. Returns the number of bytes read; never passes on more than `maxBytes`.
 * Throws `invalid_input`, naming the file as `shown`.
 */
export async function readRegular(
  path: string,
  shown: string,
  maxBytes: number,
  take: (piece: Buffer) => void,
): Promise<number> {
  const handle = await openRegular(path, shown, maxBytes);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let total = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return total;
      total += bytesRead;
      if (total > maxBytes) throw tooLarge(shown, maxBytes);
      take(buffer.subarray(0, bytesRead));
    }
  } catch (error) {
    throw unreadable(error, shown);
  } finally {
    await handle.close();
  }
}

/** Returns the content. Throws `invalid_input` when it has more than `maxBytes`. */
export async function readWhole(path: string, shown: string, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await readRegular(path, shown, maxBytes, (piece) => pieces.push(Buffer.from(piece)));
  return Buffer.concat(pieces);
}

async function openRegular(path: string, shown: string, maxBytes: number): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    const named = requireRegular(await lstat(path, { bigint: true }), shown);
    if (named.size > BigInt(maxBytes)) throw tooLarge(shown, maxBytes);
    handle = await open(path, FLAGS);
    const opened = requireRegular(await handle.stat({ bigint: true }), shown);
    if (opened.ino !== named.ino || opened.dev !== named.dev) {
      throw new ExecutionFailure("invalid_input", `${shown} was replaced while it was being read; try again`);
    }
    return handle;
  } catch (error) {
    await handle?.close();
    throw unreadable(error, shown);
  }
}

function requireRegular(stats: BigIntStats, shown: string): BigIntStats {
  if (stats.isFile()) return stats;
  const what = stats.isSymbolicLink() ? "a symbolic link" : stats.isDirectory() ? "a folder" : "not a regular file";
  throw notRegular(shown, what);
}

/** The failure for an error of the file system. */
export function unreadable(error: unknown, shown: string): ExecutionFailure {
  return systemCode(error) === "ELOOP" ? notRegular(shown, "a symbolic link") : pathFailure(shown, "read", error);
}

function notRegular(shown: string, what: string): ExecutionFailure {
  return new ExecutionFailure("invalid_input", `${shown} is ${what}; a parcel consists of regular files only`);
}

/**
 * A short name for a folder. The address of a Unix socket holds about a hundred bytes, which a home folder and a state folder
 * use up easily. The short name leads to the folder itself, so the socket lies in it, wherever it is mounted or moved.
 */
import { close, constants, open as openCallback } from "node:fs";
import { access, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const open = promisify(openCallback);

/** 108 bytes on Linux and 104 on macOS, the final NUL counted. */
const MAX_SOCKET_PATH_BYTES = 103;

/** What a name in the folder needs. */
const ROOM_FOR_NAME = "/".length + 16;

export interface ShortPath {
  path: string;
  release(): Promise<void>;
}

type Way = (folder: string) => Promise<ShortPath | undefined>;

/** Rejects when the folder cannot be reached. */
export async function shortPathOf(folder: string): Promise<ShortPath> {
  for (const way of [itself, throughDescriptor, throughLink]) {
    const found = await way(folder);
    if (found) return found;
  }
  throw new Error("there is no short path to the folder");
}

const itself: Way = async (folder) => (fits(folder) ? { path: folder, release: async () => undefined } : undefined);

/** Linux: a folder that is open has a name in `/proc`. */
const throughDescriptor: Way = async (folder) => {
  if (process.platform !== "linux") return undefined;
  const descriptor = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  const release = () => promisify(close)(descriptor);
  const path = `/proc/self/fd/${descriptor}`;
  try {
    await access(path);
    return { path, release };
  } catch {
    await release();
    return undefined; // without /proc
  }
};

/** Elsewhere: a link that exists while the path is used, in a folder that nobody else may enter. */
export const throughLink: Way = async (folder) => {
  for (const base of new Set([tmpdir(), "/tmp"])) {
    const own = await mkdtemp(join(base, "sb-")).catch(() => undefined);
    if (own === undefined) continue;
    const release = () => rm(own, { recursive: true, force: true });
    const path = join(own, "f");
    try {
      await symlink(folder, path);
      if (fits(path)) return { path, release };
    } catch {
      // the next one
    }
    await release();
  }
  return undefined;
};

function fits(folder: string): boolean {
  return Buffer.byteLength(folder) + ROOM_FOR_NAME <= MAX_SOCKET_PATH_BYTES;
}

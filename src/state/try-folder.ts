/** Tries whether owners can work in a folder, for `doctor`. Nothing stays. */
import { lstat, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Ambient } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";
import { makeFolder } from "../support/make-folder.ts";
import { systemCode } from "../support/system-error.ts";
import { own } from "./owner.ts";
import { stateDisk } from "./state-disk.ts";

export interface TriedFolder {
  /** Whether its file system has sockets. */
  sockets: boolean;
  /** Whether other accounts may change what is in it. */
  openToOthers: boolean;
}

/**
 * Tries the folder and those of its `parts` that something is in the place of. Rejects with `ENOENT` when there is no such
 * folder, when one of them cannot be written, and when the disk does not reply.
 */
export function tryFolder(root: string, parts: readonly string[], ambient: Ambient): Promise<TriedFolder> {
  return stateDisk(root, ambient).ask(async () => {
    const { mode } = (await isThere(root)) ? await stat(root).catch(deadLink(root)) : await stat(root);
    const openToOthers = process.platform !== "win32" && (mode & 0o022) !== 0;
    let sockets = await trySockets(root, ambient);
    for (const part of parts.map((name) => join(root, name))) {
      if (await isThere(part)) sockets = (await trySockets(part, ambient)) && sockets;
    }
    return { openToOthers, sockets };
  });
}

/** Also a link that leads nowhere is there: nothing can be made in its place. */
async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function deadLink(path: string): (error: unknown) => never {
  return (error) => {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new ExecutionFailure("invalid_input", `${path} is a link that leads nowhere; make its target, or remove it`);
  };
}

async function trySockets(root: string, ambient: Ambient): Promise<boolean> {
  const id = ambient.uuid();
  const folder = join(root, `try-${id}`);
  await makeFolder(folder);
  try {
    const socket = await own(folder, id, ambient.now());
    await socket?.close();
    return socket !== undefined;
  } finally {
    for (const name of ["owner.json", "alive"]) await rm(join(folder, name), { force: true }).catch(() => undefined);
    await rmdir(folder).catch(() => undefined);
  }
}

/** Tries whether owners can work in a folder, for `doctor`. Nothing stays. */
import { rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Ambient } from "../support/ambient.ts";
import { makeFolder } from "../support/make-folder.ts";
import { own } from "./owner.ts";
import { Responsive } from "./responsive.ts";

export interface TriedFolder {
  /** Whether its file system has sockets. */
  sockets: boolean;
  /** Whether other accounts may change what is in it. */
  openToOthers: boolean;
}

/** Rejects with `ENOENT` when there is no such folder, when it cannot be written, and when the disk does not reply. */
export function tryFolder(root: string, ambient: Ambient): Promise<TriedFolder> {
  return new Responsive(root, ambient).ask(async () => {
    const { mode } = await stat(root);
    const openToOthers = process.platform !== "win32" && (mode & 0o022) !== 0;
    return { openToOthers, sockets: await trySockets(root, ambient) };
  });
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

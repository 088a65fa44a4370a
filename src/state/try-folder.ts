/** Tries whether owners can work in a folder, for `doctor`. Nothing stays. */
import { rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Ambient } from "../support/ambient.ts";
import { makeFolder } from "../support/make-folder.ts";
import { own } from "./owner.ts";

/** Resolves with whether the file system has sockets. Rejects when it cannot be written. */
export async function tryFolder(root: string, ambient: Ambient): Promise<{ sockets: boolean }> {
  const id = ambient.uuid();
  const folder = join(root, `try-${id}`);
  await makeFolder(folder);
  try {
    const socket = await own(folder, id, ambient.now());
    await socket?.close();
    return { sockets: socket !== undefined };
  } finally {
    for (const name of ["owner.json", "alive"]) await rm(join(folder, name), { force: true }).catch(() => undefined);
    await rmdir(folder).catch(() => undefined);
  }
}

/**
 * Writing a small file so that a reader, or the next start after a power loss, sees the old text or the new one whole.
 * Own code rather than a package: the usual one hooks the process's signals, and those belong to the end of life here.
 */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Owner-only unless `mode` says otherwise, synced to disk before it takes the name. `token` must be unique among
 * concurrent writers of `path`.
 */
export async function writeFileAtomic(path: string, text: string, token: string, mode = 0o600): Promise<void> {
  const temporary = `${path}.${token}.tmp`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      if (mode !== 0o600) await file.chmod(mode); // the process's mask has taken bits away
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The name itself must survive, too. Windows cannot open a folder and does not need it. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

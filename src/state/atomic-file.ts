/**
 * Atomic writes: a reader, or the next start after a power loss, sees the old text or the new text, complete. Not a
 * package, because the usual one hooks the process's signals, which belong to `stdio/end-of-life.ts` here.
 */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export interface AtomicWriteOptions {
  /** Part of the temporary file's name. Must be unique among concurrent writers of the path. */
  token: string;
  /** Default: only the owner may read and write. */
  mode?: number;
}

/** Resolves when the text is on disk under `path`. */
export async function writeFileAtomic(
  path: string,
  text: string,
  { token, mode = 0o600 }: AtomicWriteOptions,
): Promise<void> {
  const temporary = `${path}.${token}.tmp`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      if (mode !== 0o600) await file.chmod(mode); // the umask may have cleared bits
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

/** Makes the rename durable. Windows cannot open a folder and does not need this. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

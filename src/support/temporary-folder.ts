/** Folders for what is made and thrown away again, under the system's folder for temporary files. */
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ambient } from "./ambient.ts";
import { pathFailure } from "./system-error.ts";

/** Nothing works on one for so long: who made it was killed. */
const ABANDONED_MS = 24 * 60 * 60_000;

/** Throws `invalid_input` where there can be none. The caller removes it; what a killed process has left goes as well. */
export async function makeTemporaryFolder(prefix: string, { now }: Pick<Ambient, "now">): Promise<string> {
  const root = tmpdir();
  try {
    const folder = await mkdtemp(join(root, prefix));
    await removeAbandoned(root, prefix, now() - ABANDONED_MS).catch(() => undefined);
    return folder;
  } catch (error) {
    throw pathFailure(`a folder in ${root} (set by TMPDIR)`, "made", error);
  }
}

async function removeAbandoned(root: string, prefix: string, before: number): Promise<void> {
  for (const name of (await readdir(root)).filter((one) => one.startsWith(prefix))) {
    const path = join(root, name);
    const stats = await lstat(path).catch(() => undefined);
    const isAbandoned = stats?.isDirectory() === true && stats.mtimeMs < before;
    if (isAbandoned) await rm(path, { recursive: true, force: true }).catch(() => undefined); // somebody else's stays
  }
}

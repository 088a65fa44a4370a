/** Where a path leads. A link of the user's stays: what it leads to is read, replaced and removed, even when it is not there yet. */
import { lstat, readlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ExecutionFailure } from "./failure.ts";
import { notAFile } from "./plain-file.ts";

const MAX_LINKS = 40;

/**
 * Returns the path of a regular file, or of nothing yet. Throws `invalid_input` for links that lead in a circle, and for a
 * device or a pipe at their end: replacing or removing it would take it from the whole machine.
 */
export async function resolveLinks(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const target = await readlink(at).catch(() => undefined);
    if (target === undefined) {
      const stats = await lstat(at).catch(() => undefined);
      if (stats && !stats.isFile()) throw notAFile(at, "replaced or removed", stats);
      return at;
    }
    at = resolve(dirname(at), target);
  }
  throw new ExecutionFailure("invalid_input", `${path} is a symbolic link that leads in a circle; remove it`);
}

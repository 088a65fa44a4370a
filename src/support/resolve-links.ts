/** Where a path leads. A link of the user's stays: what it leads to is read, replaced and removed, even when it is not there yet. */
import { lstat, readlink } from "node:fs/promises";
import { dirname, resolve as resolvePath } from "node:path";
import { realAmbient } from "./ambient.ts";
import { ExecutionFailure } from "./failure.ts";
import { notAFile } from "./plain-file.ts";
import { Responsive } from "./responsive.ts";

const MAX_LINKS = 40;

/**
 * Returns the path of a regular file, or of nothing yet. Throws `invalid_input` for links that lead in a circle, and for a
 * device or a pipe at their end: replacing or removing it would take it from the whole machine. Rejects with `unavailable` when
 * the disk does not reply.
 */
export function resolveLinks(path: string): Promise<string> {
  return new Responsive(path, realAmbient).ask(() => resolve(path));
}

async function resolve(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const target = await readlink(at).catch(() => undefined);
    if (target === undefined) {
      const stats = await lstat(at).catch(() => undefined);
      if (stats && !stats.isFile()) throw notAFile(at, "replaced or removed", stats);
      return at;
    }
    at = resolvePath(dirname(at), target);
  }
  throw new ExecutionFailure("invalid_input", `${path} is a symbolic link that leads in a circle; remove it`);
}

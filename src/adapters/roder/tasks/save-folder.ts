/**
 * Where a task saves the artifacts of its run. A lead model names the folder, so it is one below the workspace that the host
 * named, and no link leads out of it again.
 */
import { lstat, realpath } from "node:fs/promises";
import { join, posix, win32 } from "node:path";
import type { Ambient } from "../../../support/ambient.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { folderName } from "../../../support/folder-name.ts";
import { Responsive } from "../../../support/responsive.ts";
import { pathFailure, systemCode } from "../../../support/system-error.ts";
import { onOneLine } from "../../../support/unseen.ts";

const SEPARATOR = /[\\/]/;

/** Whether a folder stays below the one that it is in: no root, no drive, no way up, and nothing that cannot be seen. */
export function isBelow(folder: string): boolean {
  if (posix.isAbsolute(folder) || win32.isAbsolute(folder) || folder.includes(":")) return false;
  return !folder.split(SEPARATOR).includes("..") && onOneLine(folder) === folder;
}

/**
 * Returns the folder within the workspace; what of it is there already are folders, and none of them is a link, nor is the one of
 * the run. Rejects with `invalid_input`.
 */
export function folderIn(workspace: string, folder: string, runId: string, ambient: Ambient): Promise<string> {
  return new Responsive(workspace, ambient).ask(async () => {
    let at = await realpath(workspace).catch((error: unknown) => {
      throw pathFailure(workspace, "read", error);
    });
    const names = folder.split(SEPARATOR).filter((name) => name !== "" && name !== ".");
    const target = join(at, ...names);
    for (const name of [...names, folderName(runId)]) {
      at = join(at, name);
      const stats = await lstat(at).catch((error: unknown) => {
        if (systemCode(error) !== "ENOENT") throw pathFailure(at, "read", error);
      });
      if (!stats) break;
      if (!stats.isDirectory()) throw new ExecutionFailure("invalid_input", `${at} is no folder of its own, or a link`);
    }
    return target;
  });
}

/**
 * Keeps the compiled code of this program between its starts, where Node can (22.1 on): loading then takes half the time. It is code
 * that will be executed, so it lies in a folder that nobody else can write to, or nowhere. A user's own choice for Node goes first
 * (`NODE_COMPILE_CACHE`, `NODE_DISABLE_COMPILE_CACHE`).
 */
import { lstat } from "node:fs/promises";
import * as nodeModule from "node:module";
import { compiledCodeFolder } from "../folders.ts";
import type { Ambient } from "../support/ambient.ts";
import { makeFolder } from "../support/make-folder.ts";
import { ownershipProblem } from "../support/own-file.ts";
import { Responsive } from "../support/responsive.ts";

/** A disk that does not reply in this time is not waited for: Node reads what is kept there without a limit. */
const REPLY_LIMIT_MS = 250;

const { enableCompileCache } = nodeModule as { enableCompileCache?(folder: string): unknown };

/** To be called before the rest is loaded. Never rejects: without it the program only starts more slowly. */
export async function keepCompiledCode(
  variable: (name: string) => string | undefined,
  ambient: Ambient,
): Promise<void> {
  if (!enableCompileCache) return;
  try {
    const folder = compiledCodeFolder(variable);
    if (folder === undefined) return;
    const isOurs = async () => {
      await makeFolder(folder);
      const stats = await lstat(folder);
      return stats.isDirectory() && ownershipProblem(folder, stats, "secret") === undefined;
    };
    if (await new Responsive(folder, ambient).ask(isOurs, REPLY_LIMIT_MS)) enableCompileCache(folder);
  } catch {
    // A read-only home, or none.
  }
}

/** A folder for what is made and thrown away again, under the system's folder for temporary files. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathFailure } from "./system-error.ts";

/** Throws `invalid_input` where there can be none. The caller removes it. */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), prefix));
  } catch (error) {
    throw pathFailure(`a folder in ${tmpdir()} (set by TMPDIR)`, "made", error);
  }
}

/**
 * Making a folder with its parents. Not `mkdir` with `recursive`: for a path under `/proc`, where the parent exists and the
 * child can never be made, Node tries for ever.
 */
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pathFailure, systemCode } from "./system-error.ts";

/** Only the owner may enter: state and keys are nobody else's. */
const OWN = 0o700;

/** Each folder is tried twice at most. Throws `invalid_input`, naming the folder, reason and fix. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (systemCode(error) !== "ENOENT" || parent === path) throw pathFailure(path, "made", error);
    await makeFolder(parent);
    await makeOne(path).catch((again: unknown) => {
      throw pathFailure(path, "made", again);
    });
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: OWN });
  } catch (error) {
    const there = await stat(path).catch(() => undefined);
    if (!there?.isDirectory()) throw error;
  }
}

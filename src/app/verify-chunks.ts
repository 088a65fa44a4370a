/**
 * The files that the entry loads are those it was built with. Dispatch pins the entry alone: it compares that file's hash
 * before each start, and without this a changed file beside it would run all the same.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { READ_FLAGS } from "../support/plain-file.ts";
import { systemCode, systemReason } from "../support/system-error.ts";

/** Far above the largest. A device, which never ends, is no file in any case. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Names and SHA-256 in hex, as `scripts/pin-chunks.mjs` writes them: `name:hash,name:hash`. Empty for a build in one file. */
export type ChunkHashes = string;

/** Nothing is there, or a socket or a device that nobody can open. */
const WITHOUT_FILE = new Set(["ENOENT", "ENXIO", "ENODEV"]);

/** Returns what is wrong with the first file that is not as built, and what to do; undefined when all are. Never rejects. */
export async function changedChunk(folder: string, hashes: ChunkHashes): Promise<string | undefined> {
  // Loaded here, because nothing before the first reply needs it.
  const { createHash } = await import("node:crypto");
  const chunks = hashes.split(",").filter(Boolean);
  const checked = await Promise.all(
    chunks.map(async (chunk) => {
      const [name = "", hash] = chunk.split(":");
      const other = `${name} is not the file this version was built with; install seren-bridge again`;
      try {
        const bytes = await readRegular(join(folder, name));
        const isSame = bytes !== undefined && createHash("sha256").update(bytes).digest("hex") === hash;
        return isSame ? undefined : other;
      } catch (error) {
        const why = `${join(folder, name)} cannot be read: ${systemReason(error)}`;
        return WITHOUT_FILE.has(systemCode(error) ?? "") ? other : why;
      }
    }),
  );
  return checked.find((problem) => problem !== undefined);
}

/** Undefined for a pipe or a device, which would never end, and for what is too large. */
async function readRegular(path: string): Promise<Buffer | undefined> {
  const file = await open(path, READ_FLAGS);
  try {
    const stats = await file.stat();
    return stats.isFile() && stats.size <= MAX_BYTES ? await file.readFile() : undefined;
  } finally {
    await file.close();
  }
}

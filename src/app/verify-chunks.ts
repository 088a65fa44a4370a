/**
 * The files that the entry loads are those it was built with. Dispatch pins the entry alone: it compares that file's hash
 * before each start, and without this a changed file beside it would run all the same.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Names and SHA-256 in hex, as `scripts/pin-chunks.mjs` writes them: `name:hash,name:hash`. Empty for a build in one file. */
export type ChunkHashes = string;

/** Returns the name of the first file that is missing or another one; undefined when all are as built. */
export async function changedChunk(folder: string, hashes: ChunkHashes): Promise<string | undefined> {
  // Loaded here, because nothing before the first reply needs it.
  const { createHash } = await import("node:crypto");
  const chunks = hashes.split(",").filter(Boolean);
  const checked = await Promise.all(
    chunks.map(async (chunk) => {
      const [name = "", hash] = chunk.split(":");
      const bytes = await readFile(join(folder, name)).catch(() => undefined);
      const isSame = bytes !== undefined && createHash("sha256").update(bytes).digest("hex") === hash;
      return isSame ? undefined : name;
    }),
  );
  return checked.find((name) => name !== undefined);
}

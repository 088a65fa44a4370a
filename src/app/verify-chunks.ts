/**
 * The files that the entry loads are those it was built with. Dispatch pins the entry alone: it compares that file's hash
 * before each start, and without this a changed file beside it would run all the same.
 */
import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { READ_FLAGS } from "../support/plain-file.ts";
import { systemCode, systemReason } from "../support/system-error.ts";

/**
 * `name:size:hash:loaders` with commas: size in bytes, SHA-256 in hex, and the front ends which hosts pin and which can load the
 * file, joined by `+`. `scripts/pin-chunks.mjs` writes it. Empty for a build in one file.
 */
export type ChunkHashes = string;

/** Nothing is there, or a socket or a device that nobody can open. */
const WITHOUT_FILE = new Set(["ENOENT", "ENXIO", "ENODEV"]);

interface Chunk {
  name: string;
  size: number;
  hash: string;
  loaders: readonly string[];
}

/** By hash: every file, or what one front end can load. By size: an installation that was only half replaced shows there, too. */
export type Check = "sizes" | "hashes" | { hashesOf: string };

/**
 * Returns what is wrong with the first file that is not as built, and what to do; undefined when all are. Never rejects. Reads at
 * once, as the loading that follows does.
 */
export async function changedChunk(folder: string, hashes: ChunkHashes, check: Check): Promise<string | undefined> {
  const chunks = hashes.split(",").filter(Boolean).map(readChunk);
  if (check === "sizes") return firstProblem(folder, chunks, hasSize);
  const wanted = check === "hashes" ? chunks : chunks.filter(({ loaders }) => loaders.includes(check.hashesOf));
  // Loaded here, because nothing before the first reply needs it.
  const { createHash } = await import("node:crypto");
  return firstProblem(folder, wanted, (path, { size, hash }) => {
    const bytes = readRegular(path, size);
    return bytes !== undefined && createHash("sha256").update(bytes).digest("hex") === hash;
  });
}

function readChunk(written: string): Chunk {
  const [name = "", size, hash = "", loaders = ""] = written.split(":");
  return { name, size: Number(size), hash, loaders: loaders.split("+") };
}

function firstProblem(
  folder: string,
  chunks: readonly Chunk[],
  isSame: (path: string, chunk: Chunk) => boolean,
): string | undefined {
  for (const chunk of chunks) {
    const path = join(folder, chunk.name);
    try {
      if (isSame(path, chunk)) continue;
    } catch (error) {
      if (!WITHOUT_FILE.has(systemCode(error) ?? "")) return `${path} cannot be read: ${systemReason(error)}`;
    }
    return `${chunk.name} is not the file this version was built with; install seren-bridge again`;
  }
  return undefined;
}

function hasSize(path: string, { size }: Chunk): boolean {
  const stats = statSync(path);
  return stats.isFile() && stats.size === size;
}

/** Undefined for a pipe or a device, which would never end, and for a file of another size. */
function readRegular(path: string, size: number): Buffer | undefined {
  const file = openSync(path, READ_FLAGS);
  try {
    const stats = fstatSync(file);
    return stats.isFile() && stats.size === size ? readFileSync(file) : undefined;
  } finally {
    closeSync(file);
  }
}

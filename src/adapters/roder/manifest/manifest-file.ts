/** Where the manifest is, what it says and its checksum, not yet judged: what the build and the greeting need of it. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";

const FILE_NAME = "roder-extension.toml";

/**
 * `explicitPath` alone, else beside the program and one folder up. `programPath` may be a symlink, as npm makes them.
 */
export function manifestPlaces(programPath: string, explicitPath?: string): string[] {
  if (explicitPath !== undefined) return [explicitPath];
  const folder = dirname(realPath(programPath));
  return [join(folder, FILE_NAME), join(dirname(folder), FILE_NAME)];
}

export function isShipped(bytes: Uint8Array, { text }: { text: string }): boolean {
  return Buffer.from(text).equals(bytes);
}

/** Throws for bytes that are no UTF-8 or no TOML. */
export function readToml(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

/**
 * 64-bit FNV-1a, as Roder prints it. Detects drift, proves nothing. In two halves, exact as numbers: with `bigint` it takes
 * longer than all else that is done with the manifest.
 */
export function fnv1a64(bytes: Uint8Array): string {
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  for (const byte of bytes) {
    const mixed = (low ^ byte) >>> 0;
    // The prime is 2^40 + 0x1b3.
    const product = mixed * 0x1b3;
    high = (high * 0x1b3 + Math.floor(product / 2 ** 32) + mixed * 2 ** 8) >>> 0;
    low = product >>> 0;
  }
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

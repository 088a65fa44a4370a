/** The path, content and checksum of the manifest file, unvalidated: what the build and the handshake need of it. */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";

const FILE_NAME = "roder-extension.toml";

/**
 * Returns where the manifest may be: `explicitPath` alone, else beside the program and one folder up. `programPath` may be
 * a symlink, as npm creates them.
 */
export function manifestPaths(programPath: string, explicitPath?: string): string[] {
  if (explicitPath !== undefined) return [explicitPath];
  const folder = dirname(realPath(programPath));
  return [join(folder, FILE_NAME), join(dirname(folder), FILE_NAME)];
}

/** Whether the file has exactly the text that was shipped. */
export function isShipped(bytes: Uint8Array, { text }: { text: string }): boolean {
  return Buffer.from(text).equals(bytes);
}

/** Throws for bytes that are not UTF-8 or not TOML. */
export function readToml(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

/**
 * Returns the 64-bit FNV-1a hash as 16 hex digits, as Roder prints it. It detects an accidental change and no attack. The
 * hash is computed in two 32-bit halves because `bigint` takes longer than everything else that is done with the manifest.
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

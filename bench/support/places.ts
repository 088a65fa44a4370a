/** Where the built artefacts and the inputs are. The working folder is the repository. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const node = process.execPath;
const DIST = resolve("dist/seren-bridge.mjs");
const RELEASE = resolve("dist-release/seren-bridge.mjs");

export const PARCEL = resolve("examples/parcels/basic");

export type Command = readonly string[];
export type Mode = "courier" | "roder" | "mcp" | "acp";

export const npmBuild = (mode: Mode, by = node): Command => [by, built(DIST), mode];
export const releaseFile = (mode: Mode): Command => [node, built(RELEASE), mode];
/** A command of a person at a prompt. */
export const terminal = (...args: string[]): Command => [node, built(DIST), ...args];
export const baseline = (name: Baseline, by = node): Command => [by, resolve(`bench/baselines/${name}.mjs`)];

/** The programs ours is compared with (`bench/baselines`). */
type Baseline = "bare" | "raw-loop" | "print" | "one-request" | "raw-dispatcher" | "half-core";

function built(path: string): string {
  if (!existsSync(path)) throw new Error(`${path} is missing; run npm run build`);
  return path;
}

/** A folder for one child's state, gone when `use` is done. */
export async function withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "seren-bridge-bench-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

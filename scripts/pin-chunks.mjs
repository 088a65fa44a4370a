/**
 * Writes sizes and hashes of all chunks of the npm build into its entry, in place of the marker that `tsup.config.ts` puts there.
 * `src/app/verify-chunks.ts` compares them.
 *
 * Usage: node scripts/pin-chunks.mjs   (after the build)
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MARKER = "@chunk-hashes@";
/** Front ends that a host starts by the hash of the entry: those with `isPinned` in `src/app/front-ends.ts` (a test compares). */
const PINNED = ["courier", "deployment"];

const folder = fileURLToPath(new URL("../dist", import.meta.url));
const entry = join(folder, "seren-bridge.mjs");
const { outputs } = JSON.parse(readFileSync(join(folder, "metafile-esm.json"), "utf8"));

/** All that it can load, at its start or later. */
function loadedBy(path, seen = new Set()) {
  if (!outputs[path] || seen.has(path)) return seen;
  seen.add(path);
  for (const { path: imported } of outputs[path].imports) loadedBy(imported, seen);
  return seen;
}
const loaded = PINNED.map((mode) => [mode, loadedBy(`dist/${mode}.mjs`)]);

const code = readFileSync(entry, "utf8");
if (code.split(MARKER).length !== 2) throw new Error(`${entry} does not have the marker ${MARKER} exactly once`);
const hashes = readdirSync(folder)
  .filter((name) => name.endsWith(".mjs") && name !== "seren-bridge.mjs" && name !== "index.mjs")
  .sort()
  .map((name) => {
    const bytes = readFileSync(join(folder, name));
    const loaders = loaded.filter(([, files]) => files.has(`dist/${name}`)).map(([mode]) => mode);
    return [name, bytes.length, createHash("sha256").update(bytes).digest("hex"), loaders.join("+")].join(":");
  });
writeFileSync(entry, code.replace(MARKER, hashes.join(",")));

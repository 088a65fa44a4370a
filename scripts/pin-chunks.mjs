/**
 * Writes the hashes of all chunks of the npm build into its entry, in place of the marker that `tsup.config.ts` puts there.
 * `src/app/verify-chunks.ts` compares them.
 *
 * Usage: node scripts/pin-chunks.mjs   (after the build)
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MARKER = "@chunk-hashes@";
const folder = fileURLToPath(new URL("../dist", import.meta.url));
const entry = join(folder, "seren-bridge.mjs");

const code = readFileSync(entry, "utf8");
if (code.split(MARKER).length !== 2) throw new Error(`${entry} does not have the marker ${MARKER} exactly once`);
const hashes = readdirSync(folder)
  .filter((name) => name.endsWith(".mjs") && name !== "seren-bridge.mjs" && name !== "index.mjs")
  .sort()
  .map(
    (name) =>
      `${name}:${createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex")}`,
  );
writeFileSync(entry, code.replace(MARKER, hashes.join(",")));

/**
 * Entry of the self-contained executables. They have no program file beside them, so the executable itself is the program,
 * and the manifest that Roder loads is looked for beside it.
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

process.argv[1] = process.execPath;
const manifest = join(dirname(process.execPath), "roder-extension.toml");
if (!process.env.SEREN_BRIDGE_RODER_MANIFEST && existsSync(manifest)) {
  process.env.SEREN_BRIDGE_RODER_MANIFEST = manifest;
}
await import("../../dist-release/seren-bridge.mjs");

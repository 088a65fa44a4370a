/** A process that owns files: `ROOT NAME=TEXT …`. Says `ready` when they are on disk, and lives until it is killed. */
import { OwnedFiles } from "../../../src/state/owned-files.ts";
import { realAmbient } from "../../../src/support/ambient.ts";

const [root = "", ...entries] = process.argv.slice(2);
const files = new OwnedFiles(root, realAmbient);
for (const entry of entries) {
  const [name = "", text = ""] = entry.split("=");
  await files.put(name, text);
}
process.stdout.write("ready\n");
setInterval(() => undefined, 60_000);
process.once("SIGTERM", () => process.exit(0)); // without closing: what it owns stays

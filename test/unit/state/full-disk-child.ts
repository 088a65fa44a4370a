/** Fills the disk at `ROOT`, tries to own a file there, makes room, and tries once more. Says how each attempt went. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OwnedFiles } from "../../../src/state/owned-files.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { asFailure } from "../../../src/support/failure.ts";
import { systemCode } from "../../../src/support/system-error.ts";

const [root = ""] = process.argv.slice(2);
const files = new OwnedFiles(join(root, "runs"), realAmbient);
const filler = join(root, "filler");
try {
  writeFileSync(filler, Buffer.alloc(1024 * 1024));
} catch {
  // full
}
for (const attempt of [1, 2, 3]) {
  if (attempt === 3) rmSync(filler);
  await files.put("one", "text").then(
    () => process.stdout.write("written\n"),
    (error: unknown) => process.stdout.write(`full: ${systemCode(asFailure(error).cause)}\n`),
  );
}
process.exit(0);

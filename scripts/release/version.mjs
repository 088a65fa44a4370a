/**
 * Uses up the files in `.changeset`: raises the version in `package.json`, writes `CHANGELOG.md`, and brings every other
 * place to the new version. Nothing is committed.
 *
 * Usage: node scripts/release/version.mjs
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const changeset = join(root, "scripts", "tools", "node_modules", "@changesets", "cli", "bin.js");
execFileSync(process.execPath, [changeset, "version"], { cwd: root, stdio: "inherit" });

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** The file keeps its layout: only the number changes, in its first `times` places, alone or behind the package's name. */
function set(file, times) {
  let left = times;
  const text = readFileSync(join(root, file), "utf8");
  const changed = text.replace(/(?<="version": "|"package": "seren-bridge@)[^"]+/g, (old) =>
    left-- > 0 ? version : old,
  );
  writeFileSync(join(root, file), changed);
}
set("package-lock.json", 2); // its own, and that of the root package
set("roder-extension.json", 1);
set("courier-plugin.json", 1);
set("deployment-plugin.json", 1);
set("server.json", 2); // its own, and that of its package
set("catalog/acp/agent.json", 2);
execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit", shell: process.platform === "win32" });

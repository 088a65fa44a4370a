/**
 * Runs a TypeScript program of this repository: bundles it with the files it imports and runs it in this process.
 * Packages are left to Node.
 *
 * Usage: node scripts/run-typescript.mjs FILE [argument ...]
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [entry, ...args] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

// Inside node_modules, so that packages are resolved and tools ignore it; named by process, so that runs do not collide.
const folder = join(root, "node_modules", ".cache", "seren-bridge");
mkdirSync(folder, { recursive: true });
const outfile = join(folder, `${basename(entry, ".ts")}-${process.pid}.mjs`);
await build({
  entryPoints: [join(root, entry)],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  define: { __VERSION__: JSON.stringify(version) },
  sourcemap: "inline",
  logLevel: "warning",
});
process.once("exit", () => rmSync(outfile, { force: true }));
process.chdir(root);
process.argv = [process.argv[0], outfile, ...args];
await import(pathToFileURL(outfile).href);

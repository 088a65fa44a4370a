/**
 * Makes the checkout ready to run: installs what the lock file names if it is not installed, and builds if the sources
 * are newer than the build. Prints nothing when there is nothing to do.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...path) => join(root, ...path);
const age = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newest(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function npm(...args) {
  console.error(`> npm ${args.join(" ")}`);
  // npm names the script that runs it; on Windows npm itself is a .cmd, which cannot be spawned directly.
  const script = process.env.npm_execpath;
  const done = script
    ? spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: ["ignore", 2, 2] })
    : spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

if (age(at("node_modules", ".package-lock.json")) < age(at("package-lock.json"))) npm("ci", "--no-audit", "--no-fund");

const sources = ["src", "protocols", "package.json", "tsup.config.ts", "roder-extension.json"].map((path) =>
  newest(at(path)),
);
if (age(at("dist", "seren-bridge.mjs")) < Math.max(...sources)) npm("run", "--silent", "build");

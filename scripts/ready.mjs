/**
 * Prepares the checkout: installs the packages of the lock file if they are missing or older, and builds if the sources
 * are newer than the build. Prints a line for each command it runs, and the command's output only when it fails.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** More than npm and the bundler print together, even when they fail. */
const MAX_OUTPUT_CHARS = 64 * 1024 * 1024;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...path) => join(root, ...path);
const age = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newest(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Runs npm without a word of its output, unless it fails. */
function npm(...args) {
  console.error(`> npm ${args.join(" ")}`);
  // npm names the script that runs it; on Windows npm itself is a .cmd, which cannot be spawned directly.
  const script = process.env.npm_execpath;
  const options = { cwd: root, encoding: "utf8", maxBuffer: MAX_OUTPUT_CHARS, stdio: ["ignore", "pipe", "pipe"] };
  const done = script
    ? spawnSync(process.execPath, [script, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}\n`);
  process.exit(done.status ?? 1);
}

if (age(at("node_modules", ".package-lock.json")) < age(at("package-lock.json"))) npm("ci", "--no-audit", "--no-fund");

const sources = ["src", "protocols", "package.json", "tsup.config.ts", "roder-extension.json"].map((path) =>
  newest(at(path)),
);
if (age(at("dist", "seren-bridge.mjs")) < Math.max(...sources)) npm("run", "--silent", "build");

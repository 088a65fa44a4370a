/**
 * Builds into `dist-dev` with source maps, runs a command of that build, and does both again whenever a source changes.
 *
 * Usage: npm run dev                                  the embedded service on its usual port, its state kept over restarts
 *        npm run dev -- run "hello"                   any command, with the service inside the program
 *        npm run dev -- --inspect-brk run "hello"     the same under a debugger, which stops in the TypeScript
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, watch } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const at = (...path) => join(root, ...path);
const SOURCES = ["src", "protocols", "package.json", "roder-extension.toml", "tsup.config.ts"];
/** Editors save in several steps; a build starts when none has come for this long. */
const QUIET_MS = 150;

const given = process.argv.slice(2);
const nodeArgs = given.splice(0, given.findIndex((arg) => !arg.startsWith("--inspect")) >>> 0);
/** One key for all restarts, so that a terminal keeps working. */
const KEY = `dev-${crypto.randomUUID()}`;
const SERVICE = ["local", "--key", KEY, "--state", at("node_modules", ".cache", "seren-bridge", "dev")];
const command = given.length > 0 ? given : SERVICE;
const environment = given.length > 0 ? { SEREN_API_BASE: "local" } : {};

let child;
let timer;
let building = false;
let again = false;

for (const path of SOURCES) {
  watch(at(path), { recursive: statSync(at(path)).isDirectory() }, () => {
    clearTimeout(timer);
    timer = setTimeout(rebuild, QUIET_MS);
  });
}
await rebuild();

/** One build at a time; what changes meanwhile is built next. */
async function rebuild() {
  again = true;
  if (building) return;
  building = true;
  while (again) {
    again = false;
    if (await build()) await restart();
  }
  building = false;
}

/** Returns whether it built; prints what the bundler said only if not. */
async function build() {
  const began = performance.now();
  const tsup = spawn(process.execPath, [at("node_modules", "tsup", "dist", "cli-default.js"), "--sourcemap"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(tsup.stdout), text(tsup.stderr), once(tsup, "close")]);
  if (code === 0) console.error(`[dev] built in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  else console.error(`${stdout}${stderr}[dev] the build failed; waiting for a change`);
  return code === 0;
}

async function restart() {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    await once(child, "close");
  }
  console.error(`[dev] seren-bridge ${command.join(" ")}`);
  child = spawn(
    process.execPath,
    ["--enable-source-maps", ...nodeArgs, at("dist-dev", "seren-bridge.mjs"), ...command],
    { stdio: "inherit", env: { ...environment, ...process.env } },
  );
  const mine = child;
  child.once("exit", (code) => {
    if (mine === child && code !== null) console.error(`[dev] it ended with exit code ${code}; waiting for a change`);
  });
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    child?.kill(signal);
    process.exit(0);
  });
}

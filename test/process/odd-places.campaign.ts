/**
 * Every file the program reads and every variable it obeys, replaced by what an accident or a neighbour may have put there.
 * Whatever it is: the program ends, without a stack, does not call it unforeseen, and names the path and the fix.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { PROGRAM } from "../support/child-process/child.ts";
import { every } from "../support/every.ts";

/** What is said of a file or folder names it, and after a semicolon what to do. */
const CANNOT = /cannot be (?:read|written|made|removed)/;
const PATH_AND_FIX = /(?:\/|plan\.json).*cannot be .*[;,] .+/;

const DEADLINE_MS = 30_000;
const AT_ONCE = 4;
const DEEP = "[".repeat(100_000) + "]".repeat(100_000);

/** What is put in the place of a file. */
const THINGS: Readonly<Record<string, (path: string) => void>> = {
  nothing: () => undefined,
  empty: (path) => writeFileSync(path, ""),
  garbage: (path) => writeFileSync(path, "\0\u{1f4a9}{{{ \u001b]52;c;x\u0007 = ["),
  "bytes that are no text": (path) => writeFileSync(path, Buffer.from([0xc3, 0x28, 0xff, 0xfe, 0x80])),
  null: (path) => writeFileSync(path, "null"),
  "a list": (path) => writeFileSync(path, "[null, 1]"),
  "members of other types": (path) =>
    writeFileSync(path, '{"v": 2, "api_key": [], "packages": [null], "plugins": {}, "agents": 1, "rules": "x"}'),
  "deep nesting": (path) => writeFileSync(path, DEEP),
  "a byte order mark": (path) => writeFileSync(path, "\ufeff{}"),
  "UTF-16": (path) => writeFileSync(path, Buffer.from("\ufeff{}", "utf16le")),
  "a large file": (path) => writeFileSync(path, Buffer.alloc(100 * 1024 * 1024, 0x20)),
  "a folder": (path) => mkdirSync(path),
  "a pipe": (path) => void spawnSync("mkfifo", [path]),
  "a device": (path) => symlinkSync("/dev/zero", path),
  "a dangling link": (path) => symlinkSync(join(dirname(path), "gone", "away"), path),
  "a link to itself": (path) => symlinkSync(path, path),
  "a file without permissions": (path) => {
    writeFileSync(path, "{}");
    chmodSync(path, 0);
  },
};

/** Files below the home folder, with the commands that read them. */
const FILES: readonly { path: string; commands: readonly string[][] }[] = [
  { path: ".config/seren-bridge/credentials.json", commands: [["doctor"], ["runs", "list"], ["logout"]] },
  { path: ".config/seren-bridge", commands: [["doctor"], ["runs", "list"]] },
  { path: "state", commands: [["doctor"], ["run", "hello"]] },
  { path: "state/runs", commands: [["doctor"], ["run", "hello"]] },
  { path: "state/runs/owner/owner.json", commands: [["doctor"], ["run", "hello"]] },
  { path: "state/runs/owner/x.entry", commands: [["run", "hello"]] },
  { path: "state/deployments", commands: [["run", "hello"]] },
  { path: "state/locks", commands: [["run", "hello"]] },
  { path: "state/agents.json", commands: [["roder"]] },
  { path: ".roder/config.toml", commands: [["doctor"], ["setup", "roder"]] },
  { path: ".roder/packages.json", commands: [["doctor"], ["setup", "roder", "--package", "npm"]] },
  { path: ".config/dispatch/couriers.json", commands: [["doctor"], ["setup", "dispatch"]] },
  { path: "manifest.toml", commands: [["doctor"], ["roder"]] },
  { path: "plan.json", commands: [["local", "--port", "0", "--faults", "plan.json"]] },
];

const VARIABLES = [
  "SEREN_API_BASE",
  "SEREN_API_KEY",
  "SEREN_BRIDGE_DEPLOYMENT",
  "SEREN_BRIDGE_STATE_DIR",
  "SEREN_BRIDGE_LOG",
  "SEREN_BRIDGE_RODER_MANIFEST",
  "SEREN_BRIDGE_MODEL_URL",
  "SEREN_BRIDGE_MODEL",
  "SEREN_BRIDGE_MODEL_KEY",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "HOME",
  "TMPDIR",
  "RODER_CONFIG_DIR",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "PATH",
  "TERM",
];
const VALUES = [
  "",
  " ",
  "~/x",
  "relative",
  "/proc/none/x",
  "/dev/null/x",
  "/dev/full",
  "http://",
  "http://a%zz:b@127.0.0.1:9",
  "https://[::1",
  "ftp://127.0.0.1",
  "local",
  '"quoted"',
  "é\u202e\u0007",
  "x".repeat(100_000),
];

test.each(FILES)("anything in the place of ~/$path", { timeout: 900_000 }, async ({ path, commands }) => {
  const index = FILES.findIndex((one) => one.path === path);
  await sideBySide(every(4, Object.entries(THINGS), index), async ([name, put]) => {
    for (const command of commands) {
      const home = mkdtempSync(join(tmpdir(), "odd-"));
      try {
        mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 });
        put(join(home, path));
        await endsWell(home, command, {}, `${name} at ${path}: ${command.join(" ")}`);
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    }
  });
});

test.each(VARIABLES)("values of %s", { timeout: 900_000 }, async (variable) => {
  await sideBySide(every(6, VALUES, VARIABLES.indexOf(variable)), async (value) => {
    for (const command of [["doctor"], ["run", "hello"]]) {
      const home = mkdtempSync(join(tmpdir(), "odd-"));
      try {
        await endsWell(home, command, { [variable]: value }, `${variable}=${value.slice(0, 40)}: ${command.join(" ")}`);
      } finally {
        rmSync(home, { recursive: true, force: true });
      }
    }
  });
});

async function sideBySide<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all];
  const worker = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function endsWell(home: string, args: readonly string[], env: Record<string, string>, what: string) {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: home,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      SEREN_API_BASE: "http://127.0.0.1:9",
      SEREN_BRIDGE_STATE_DIR: join(home, "state"),
      ...(args[0] === "roder" ? { SEREN_BRIDGE_RODER_MANIFEST: join(home, "manifest.toml") } : {}),
      ...(args[0] === "run" ? { SEREN_API_KEY: "seren_0123456789" } : {}),
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => undefined).end();
  let said = "";
  for (const output of [child.stdout, child.stderr]) output.on("data", (text: Buffer) => (said += text.toString()));
  const isLocal = args[0] === "local"; // it serves until it is ended
  if (isLocal) child.stdout.once("data", () => child.kill("SIGINT"));
  const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
  const signal = await new Promise((resolve) => child.once("close", (_, by) => resolve(by)));
  clearTimeout(timer);
  expect(signal, `${what} did not end: ${said}`).not.toBe("SIGKILL");
  for (const line of said.split("\n").filter((one) => CANNOT.test(one))) expect(line, what).toMatch(PATH_AND_FIX);
  expect(said, what).not.toMatch(/did not foresee|^\s+at .+:\d+:\d+\)?$|node:internal/m);
}

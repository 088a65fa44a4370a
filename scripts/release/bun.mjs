/** Self-contained executables: the one-file build compiled by Bun, whose own executables come from the npm registry. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const BUN = "1.4.4";

/** `integrity` pins what the registry may give; `is` reads from a file's first bytes whom it is for. */
export const TARGETS = [
  {
    name: "linux-x64",
    bun: "linux-x64",
    integrity: "sha512-CHbbkmHVM28T1GFq+6GL4Ao4ujwwYwj1CxFFwEFzLanPfNsId9AhbIP0Q4reWuWBkGimUkoQygrK7Rgjtj3vog==",
    is: (head) => head.toString("latin1", 1, 4) === "ELF" && head.readUInt16LE(18) === 0x3e,
  },
  {
    name: "linux-arm64",
    bun: "linux-aarch64",
    integrity: "sha512-ZTVtpf9zmHSBVPX1sBwe5agGb/rN34yPGg/Hby8e2Ax2uCUA2URZKlZH7qLntK7qaFJCMXh9v0GWNYN2zINz1w==",
    is: (head) => head.toString("latin1", 1, 4) === "ELF" && head.readUInt16LE(18) === 0xb7,
  },
  {
    name: "macos-x64",
    bun: "darwin-x64",
    integrity: "sha512-oKGcxLsvh4oHjAo28nPm8c/xN0o/OmGyj1IHYc94vprkWsW2hNg2keEZt5f40cI5Hvu4jDlSRTR0UNpv1UIAxw==",
    is: (head) => head.readUInt32LE(0) === 0xfeedfacf && head.readUInt32LE(4) === 0x01000007,
  },
  {
    name: "macos-arm64",
    bun: "darwin-aarch64",
    integrity: "sha512-zW/hxwc8sJAILGwB5eTC4i48ouGXf0V4lrxmEOk3JIE6JkYVW1TZh1E2pIempqsezgW1sckTIIDudFON8bJ2Mw==",
    is: (head) => head.readUInt32LE(0) === 0xfeedfacf && head.readUInt32LE(4) === 0x0100000c,
  },
  {
    name: "windows-x64",
    bun: "windows-x64",
    integrity: "sha512-a3LNctBVO8PjePsFZfwDleF2JXYf2BfQ1u/PLRnBDLnC2Riml+4+LgJpKj4xRGhB92KweGyQI5PXaTkP9qypMQ==",
    is: (head) => head.toString("latin1", 0, 2) === "MZ" && head.readUInt16LE(head.readUInt32LE(0x3c) + 4) === 0x8664,
  },
];

const SYSTEMS = { linux: "linux", darwin: "macos", win32: "windows" };
export const HOST = `${SYSTEMS[process.platform]}-${process.arch}`;

/** Bun's executable for a target, from `cache`. */
function bunOf({ bun, integrity }, cache) {
  const folder = join(cache, `${bun}-${BUN}`);
  const program = join(folder, "package", "bin", bun.startsWith("windows") ? "bun.exe" : "bun");
  if (existsSync(program)) return program;
  mkdirSync(cache, { recursive: true });
  const fetched = mkdtempSync(join(cache, "fetch-"));
  const args = ["pack", "--json", "--pack-destination", fetched, `@oven/bun-${bun}@${BUN}`];
  const report = JSON.parse(execFileSync("npm", args, { encoding: "utf8", shell: process.platform === "win32" }));
  const [packed] = Array.isArray(report) ? report : Object.values(report);
  if (packed.integrity !== integrity) throw new Error(`@oven/bun-${bun}@${BUN} is not the package that was reviewed`);
  const [tarball] = readdirSync(fetched);
  execFileSync("tar", ["-xzf", tarball], { cwd: fetched });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fetched, folder);
  chmodSync(program, 0o755);
  return program;
}

/** Compiles `entry` for a target, checks whom the file is for, and answers its path. */
export function compile(target, entry, { cache, out, name }) {
  const host = TARGETS.find((one) => one.name === HOST);
  if (!host) throw new Error(`there is no Bun for ${HOST} to compile with`);
  const file = join(out, `${name}-${target.name}${target.name.startsWith("windows") ? ".exe" : ""}`);
  const base = bunOf(target, cache);
  const args = ["build", "--compile", `--target=bun-${target.bun}`, "--compile-executable-path", base, entry];
  execFileSync(bunOf(host, cache), [...args, "--outfile", file], { stdio: ["ignore", "ignore", "inherit"] });
  const bytes = readFileSync(file);
  if (!target.is(bytes.subarray(0, 4096))) throw new Error(`${file} is not an executable for ${target.name}`);
  const marker = "SEREN_BRIDGE_STATE_DIR"; // Bun keeps a program with wide characters as UTF-16
  if (!bytes.includes(marker) && !bytes.includes(marker, 0, "utf16le"))
    throw new Error(`${file} does not contain the program`);
  return file;
}

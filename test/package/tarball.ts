/** The package as npm would publish it, and an empty folder it is installed in. Nothing is fetched: it has no dependencies. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
/** The working folder, because the benchmarks use this file as a part of a bundle elsewhere. */
export const ROOT = process.cwd();
const NODES = join(ROOT, "test", "package", "nodes", "node_modules");

/** The Node releases of `test/package/nodes`, where they are installed. */
export function otherNodes(): { name: string; node: string }[] {
  const others = existsSync(NODES) ? readdirSync(NODES).filter((name) => name.startsWith("node-")) : [];
  const found = others.map((name) => ({ name, node: join(NODES, name, "bin", "node") }));
  return found.filter(({ node }) => existsSync(node));
}

/** npm as a program of the given arguments, whatever the system calls it. */
function npm(args: string[], cwd: string) {
  const script = process.env.npm_execpath;
  return script?.endsWith(".js")
    ? run(process.execPath, [script, ...args], { cwd })
    : run("npm", args, { cwd, shell: process.platform === "win32" });
}

export interface Tarball {
  path: string;
  /** Paths inside, sorted. */
  files: string[];
  /** Of each path, unpacked. */
  bytes: ReadonlyMap<string, number>;
  folder: string;
  remove(): void;
}

/** Packs what is built. The types are written first when they are older than the build. */
export async function pack(): Promise<Tarball> {
  const types = join(ROOT, "dist", "index.d.ts");
  const built = statSync(join(ROOT, "dist", "index.mjs")).mtimeMs;
  if (!existsSync(types) || statSync(types).mtimeMs < built) {
    await run(process.execPath, [join(ROOT, "scripts", "write-types.mjs")], { cwd: ROOT });
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "seren-bridge-package-")));
  const { stdout } = await npm(["pack", "--ignore-scripts", "--json", "--pack-destination", folder], ROOT);
  const report: unknown = JSON.parse(stdout);
  const [first] = Array.isArray(report) ? report : Object.values(Object(report));
  const packed: { path: string; size: number }[] = first.files;
  const files = packed.map(({ path }) => path).sort();
  const bytes = new Map(packed.map(({ path, size }) => [path, size]));
  return {
    path: join(folder, first.filename),
    files,
    bytes,
    folder,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Installs the tarball in an empty folder below its own, as a user without network does. */
export async function installed(tarball: Tarball): Promise<string> {
  const folder = mkdtempSync(join(tarball.folder, "user-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  await npm(["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", tarball.path], folder);
  return folder;
}

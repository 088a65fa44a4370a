import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isOnThisMachineOnly } from "../../../src/state/local-disk.ts";
import { OwnedFiles } from "../../../src/state/owned-files.ts";
import { throughLink } from "../../../src/state/short-path.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { killed, owner, ownerThrough, temporaryFolder } from "./owners.ts";

const LONG = [
  "a folder name of forty characters, at least",
  "and another one, so that no socket address",
  "holds the whole path",
];
const unix = process.platform !== "win32";

/** How a process that looks at `root` sees the owners of what is there. */
async function seen(root: string): Promise<string[]> {
  return (await new OwnedFiles(root, realAmbient).list()).map((file) => `${file.name} ${file.owner}`);
}

async function taken(root: string): Promise<string[]> {
  return (await new OwnedFiles(root, realAmbient).takeOrphans(() => true)).map(({ name }) => name);
}

async function longRoot(): Promise<string> {
  return join(await temporaryFolder(), ...LONG, "runs");
}

async function folderIn(root: string): Promise<string> {
  return join(root, (await readdir(root))[0] ?? "");
}

/** Whether this account may make namespaces with these options. */
function unshares(...options: string[]): boolean {
  return process.platform === "linux" && spawnSync("unshare", [...options, "true"]).status === 0;
}

test("in a path longer than the address of a socket an owner is seen alive, and dead once it was killed", async () => {
  const root = await longRoot();
  const child = await owner(root, "run=1");
  expect(await seen(root)).toEqual(["run alive"]);
  expect(await taken(root)).toEqual([]);
  await killed(child);
  expect(await seen(root)).toEqual(["run dead"]);
  expect(await taken(root)).toEqual(["run"]);
});

test.runIf(unix)(
  "nothing of an owner lies in the folder for temporary files, and it is seen without that folder",
  async () => {
    const temporary = await temporaryFolder();
    const root = await longRoot();
    const child = await ownerThrough([], { ...process.env, TMPDIR: temporary }, root, "run=1");
    expect((await readdir(temporary)).filter((name) => !name.startsWith("node-compile-cache"))).toEqual([]);
    await rm(temporary, { recursive: true });
    expect(await seen(root)).toEqual(["run alive"]);
    await killed(child);
    expect(await seen(root)).toEqual(["run dead"]);
  },
);

test.runIf(unix)("an owner is seen through a link to the folder, from either side", async () => {
  const base = await temporaryFolder();
  await mkdir(join(base, "real"));
  await symlink(join(base, "real"), join(base, "link"));
  const [first, second] = [await owner(join(base, "real"), "one=1"), await owner(join(base, "link"), "two=2")];
  for (const root of ["real", "link"])
    expect((await seen(join(base, root))).sort()).toEqual(["one alive", "two alive"]);
  await killed(first);
  await killed(second);
  for (const root of ["real", "link"]) expect((await seen(join(base, root))).sort()).toEqual(["one dead", "two dead"]);
});

test.runIf(unix).each([
  ["short", []],
  ["long", LONG],
])("an owner is seen after its %s folder was moved", async (_, names) => {
  const base = await temporaryFolder();
  const child = await owner(join(base, "before", ...names, "runs"), "run=1");
  await rename(join(base, "before"), join(base, "after"));
  const root = join(base, "after", ...names, "runs");
  expect(await seen(root)).toEqual(["run alive"]);
  expect(await taken(root)).toEqual([]);
  await killed(child);
  expect(await taken(root)).toEqual(["run"]);
});

test.runIf(unix)(
  "an owner whose folder was removed or moved away makes a new one, and the moved one still tells of it",
  async () => {
    const base = await temporaryFolder();
    const files = new OwnedFiles(join(base, "runs"), realAmbient);
    await files.put("one", "1");
    await rename(join(base, "runs"), join(base, "moved"));
    await files.put("two", "2");
    expect(await seen(join(base, "runs"))).toEqual(["two alive"]);
    expect(await seen(join(base, "moved"))).toEqual(["one alive"]);
  },
);

test.runIf(unix)("in a copy of the folder nothing can be said of the owner", async () => {
  const base = await temporaryFolder();
  const root = join(base, "runs");
  const child = await owner(root, "run=1");
  const copied = spawnSync("cp", ["-a", root, join(base, "copy")]);
  expect(copied.status).toBe(0);
  await cp(root, join(base, "without"), { recursive: true, filter: (path) => !path.endsWith("alive") });
  for (const copy of ["copy", "without"]) {
    expect(await seen(join(base, copy))).toEqual(["run unknown"]);
    expect(await taken(join(base, copy))).toEqual([]);
  }
  await killed(child);
});

test("an owner that exits without closing is dead, not gone without a trace", async () => {
  const root = await longRoot();
  const child = await owner(root, "run=1");
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
  expect(await seen(root)).toEqual(["run dead"]);
});

test.runIf(unshares("--mount", "--map-root-user")).each([
  ["short", []],
  ["long", LONG],
])("owners in other name spaces are seen, the folder mounted elsewhere (%s path)", async (_, names) => {
  const base = await temporaryFolder();
  const [root, elsewhere] = [join(base, "real", ...names), join(base, "elsewhere", ...names)];
  await mkdir(root, { recursive: true });
  await mkdir(elsewhere, { recursive: true });
  const child = await ownerThrough(
    [
      "unshare",
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      "--uts",
      "--map-root-user",
      "sh",
      "-c",
      `hostname elsewhere; mount --bind "${root}" "${elsewhere}" || exit 9; exec "$@"`,
      "sh",
    ],
    process.env,
    elsewhere,
    "run=1",
  );
  expect(await readdir(elsewhere)).toEqual([]); // the mount is not in this name space
  expect(await seen(root)).toEqual(["run alive"]);
  expect(await taken(root)).toEqual([]);
  await killed(child);
  await expect.poll(() => seen(root)).toEqual(["run dead"]); // its parent ends first
  expect(await taken(root)).toEqual(["run"]);
});

test.runIf(unix)("what lies in the place of files and folders is passed over, and the sweep goes on", async () => {
  const root = await temporaryFolder();
  await killed(await owner(root, "left=behind"));
  const own = await folderIn(root);
  const outside = join(await temporaryFolder(), "outside");
  await mkdir(outside);
  await writeFile(join(outside, "theirs"), "text");
  for (const name of ["pipe", "own/pipe.entry"]) {
    expect(spawnSync("mkfifo", [join(root, name).replace(join(root, "own"), own)]).status).toBe(0);
  }
  await mkdir(join(root, "planted"));
  expect(spawnSync("mkfifo", [join(root, "planted", "owner.json")]).status).toBe(0);
  await symlink(outside, join(root, "a-link"));
  await symlink("/dev/zero", join(own, "zero.entry"));
  expect(await taken(root)).toEqual(["left"]);
  expect(await readFile(join(outside, "theirs"), "utf8")).toBe("text");
});

/** What the owner file says, changed: another start of this machine, another machine. */
test.runIf(process.platform === "linux").each([
  ["the same start, host name and machine unknown", { machine: undefined }, "dead"],
  ["the same machine, started again since", { boot: "earlier", machine: "same", since: 1 }, "dead"],
  ["the same start, through another mount", { device: "another" }, "unknown"],
  ["the same start, by a version that does not note the mount", { device: undefined }, "unknown"],
  ["the same machine, its start not known, through another mount", { boot: undefined, device: "another" }, "unknown"],
  [
    "the same machine, started again since, whose mounts are others",
    { boot: "earlier", machine: "same", since: 1, device: "another" },
    "dead",
  ],
  ["another start without a machine id", { boot: "earlier", machine: undefined, since: 1 }, "unknown"],
  ["a copy of this machine's id, on a machine that runs beside it", { boot: "other", machine: "same" }, "unknown"],
  ["another machine", { boot: "other", machine: "other" }, "unknown"],
  ["a file system without sockets", { inode: undefined }, "unknown"],
])("a killed owner from %s", async (_, change: Record<string, unknown>, expected) => {
  const root = await temporaryFolder();
  await killed(await owner(root, "run=1"));
  const path = join(await folderIn(root), "owner.json");
  const written = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  const changed = { ...written, ...change, ...(change.machine === "same" ? { machine: written.machine } : {}) };
  await writeFile(path, JSON.stringify(changed));
  if (change.machine === "same" && written.machine === undefined) return;
  expect(await seen(root)).toEqual([`run ${expected}`]);
});

test.runIf(process.platform === "linux")(
  "a copied machine id proves nothing on a file system that several machines may have",
  async () => {
    expect(await isOnThisMachineOnly(await temporaryFolder())).toBe(true);
    expect(await isOnThisMachineOnly("/proc")).toBe(false);
    expect(await isOnThisMachineOnly("/nowhere")).toBe(false);
  },
);

test("neither the machine's id nor its name is written", async () => {
  const root = await temporaryFolder();
  await killed(await owner(root, "run=1"));
  const text = await readFile(join(await folderIn(root), "owner.json"), "utf8");
  const ids = ["/etc/machine-id", "/proc/sys/kernel/random/boot_id"].map((path) =>
    readFile(path, "utf8").catch(() => ""),
  );
  for (const id of await Promise.all(ids)) if (id.trim()) expect(text).not.toContain(id.trim());
});

test.runIf(unix)("without /proc a link leads to a long path while it is used", async () => {
  const root = await longRoot();
  await killed(await owner(root, "run=1"));
  const way = await throughLink(root);
  expect(Buffer.byteLength(way?.path ?? "x".repeat(200))).toBeLessThan(100);
  expect(await readdir(way?.path ?? "")).toEqual(await readdir(root));
  await way?.release();
  await expect(readdir(way?.path ?? "")).rejects.toThrow("ENOENT");
});

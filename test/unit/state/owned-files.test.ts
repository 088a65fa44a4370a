import { spawnSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OwnedFiles } from "../../../src/state/owned-files.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { killed, owner, temporaryFolder, unreapedOwner } from "./owners.ts";

const all = () => true;
const byName = (files: readonly { name: string; text: string }[]) =>
  files.map(({ name, text }) => `${name}=${text}`).sort();

test("files are listed, replaced and removed, and no folder is left", async () => {
  const root = join(await temporaryFolder(), "runs");
  const files = new OwnedFiles(root, realAmbient);
  await files.put("one", "first");
  await files.put("one", "second");
  await files.put("two", "other");
  expect((await files.list()).map(({ name, text, owner: by }) => [name, text, by]).sort()).toEqual([
    ["one", "second", "alive"],
    ["two", "other", "alive"],
  ]);
  await files.remove("one");
  await files.remove("two");
  await files.remove("never there");
  expect(await files.list()).toEqual([]);
  await files.close();
  expect(await readdir(root)).toEqual([]);
});

test("nothing is written before the first entry", async () => {
  const folder = await temporaryFolder();
  const files = new OwnedFiles(join(folder, "runs"), realAmbient);
  expect(await files.takeOrphans(all)).toEqual([]);
  expect(await files.list()).toEqual([]);
  await files.close();
  expect(await readdir(folder)).toEqual([]);
});

test("only the owner can read them", async () => {
  const root = await temporaryFolder();
  const files = new OwnedFiles(root, realAmbient);
  await files.put("one", "text");
  const [id = ""] = await readdir(root);
  expect((await stat(join(root, id))).mode & 0o777).toBe(0o700);
  expect((await stat(join(root, id, "one.entry"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, id, "owner.json"))).mode & 0o777).toBe(0o600);
  await files.close();
});

test("the files of a living process are left alone; those of a killed one are taken over", async () => {
  const root = await temporaryFolder();
  const child = await owner(root, "left=behind", "also=this");
  const files = new OwnedFiles(root, realAmbient);
  expect(await files.takeOrphans(all)).toEqual([]);
  expect((await files.list()).map(({ owner: by }) => by)).toEqual(["alive", "alive"]);
  await killed(child);
  expect((await files.list()).map(({ owner: by }) => by)).toEqual(["dead", "dead"]);
  expect(byName(await files.takeOrphans((text) => text === "behind"))).toEqual(["left=behind"]);
  expect(byName(await files.takeOrphans(all))).toEqual(["also=this"]);
  expect(await files.takeOrphans(all)).toEqual([]);
  await files.remove("left");
  await files.remove("also");
  await files.close();
  expect(await readdir(root)).toEqual([]);
});

test.runIf(process.platform === "linux")(
  "a zombie still answers to its process id, and is dead all the same",
  async () => {
    const root = await temporaryFolder();
    const { parent, pid } = await unreapedOwner(root, "left=behind");
    const files = new OwnedFiles(root, realAmbient);
    expect(await files.takeOrphans(all)).toEqual([]);
    process.kill(pid, "SIGKILL");
    await becomesZombie(pid);
    expect(process.kill(pid, 0)).toBe(true);
    expect(byName(await files.takeOrphans(all))).toEqual(["left=behind"]);
    await files.close();
    await killed(parent);
  },
);

test("two processes that take over at once get each file once", async () => {
  const root = await temporaryFolder();
  const names = Array.from({ length: 40 }, (_, index) => `entry-${index}`);
  await killed(await owner(root, ...names.map((name) => `${name}=x`)));
  const sweepers = Array.from({ length: 4 }, () => new OwnedFiles(root, realAmbient));
  const taken = await Promise.all(sweepers.map((files) => files.takeOrphans(all)));
  expect(taken.flatMap((files) => files.map(({ name }) => name)).sort()).toEqual([...names].sort());
  const [first] = sweepers;
  expect((await first?.list())?.length).toBe(40);
  for (const files of sweepers) await files.close();
});

test.each([
  ["no owner file", undefined],
  ["half an owner file", '{"v":2,"id":'],
  ["an owner file of another version", '{"v":1,"machine":"m","address":"a"}'],
])("what is in a folder with %s is left alone, and shown", async (_, text) => {
  const root = await temporaryFolder();
  await mkdir(join(root, "folder"));
  if (text !== undefined) await writeFile(join(root, "folder", "owner.json"), text);
  await writeFile(join(root, "folder", "x.entry"), "text");
  await writeFile(join(root, "a file"), "text");
  const files = new OwnedFiles(root, realAmbient);
  expect(await files.takeOrphans(all)).toEqual([]);
  expect(await files.list()).toEqual([{ name: "x", text: "text", owner: "unknown" }]);
});

test("a half-written file is never read, and is removed with its folder", async () => {
  const root = await temporaryFolder();
  const child = await owner(root, "left=behind");
  const [id = ""] = await readdir(root);
  await writeFile(join(root, id, "left.entry.0000.tmp"), "half of some");
  await killed(child);
  const files = new OwnedFiles(root, realAmbient);
  expect(byName(await files.takeOrphans(all))).toEqual(["left=behind"]);
  expect(await readdir(root)).not.toContain(id);
  await files.close();
});

test("a folder without an owner file is removed after a day", async () => {
  const root = await temporaryFolder();
  for (const name of ["old", "young"]) {
    await mkdir(join(root, name));
    await writeFile(join(root, name, "owner.json.0.tmp"), '{"v":');
  }
  const dayAgo = (realAmbient.now() - 25 * 60 * 60_000) / 1000;
  await utimes(join(root, "old"), dayAgo, dayAgo);
  const files = new OwnedFiles(root, realAmbient);
  expect(await files.takeOrphans(all)).toEqual([]);
  expect(await readdir(root)).toEqual(["young"]);
});

test("in a folder that cannot be written to, the write fails and not the process", async () => {
  const folder = await temporaryFolder();
  // A plain file in the place of the folder refuses everybody, root included.
  await writeFile(join(folder, "runs"), "not a folder");
  const files = new OwnedFiles(join(folder, "runs"), realAmbient);
  await expect(files.put("one", "text")).rejects.toThrow(/cannot be made: a part of the path is a file/);
  expect(await files.takeOrphans(all)).toEqual([]);
  await files.close();
  await chmod(join(folder, "runs"), 0o600);
  expect(await readFile(join(folder, "runs"), "utf8")).toBe("not a folder");
});

test("a write and a removal that the system refuses are named with path, reason and fix", async () => {
  const root = await temporaryFolder();
  const files = new OwnedFiles(root, realAmbient);
  await files.put("one", "text");
  const [home = ""] = await readdir(root);
  for (const name of ["one", "two"]) {
    await rm(join(root, home, `${name}.entry`), { force: true });
    await mkdir(join(root, home, `${name}.entry`)); // refuses everybody, root included
  }
  const path = (name: string) => join(root, home, `${name}.entry`);
  await expect(files.put("two", "text")).rejects.toThrow(
    `${path("two")} cannot be written: it is a folder, not a file`,
  );
  await expect(files.remove("one")).rejects.toThrow(`${path("one")} cannot be removed: `);
});

test("once the folder can be written, the next write succeeds", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "runs"), "not a folder");
  const files = new OwnedFiles(join(folder, "runs"), realAmbient);
  await expect(files.put("one", "text")).rejects.toThrow();
  await expect(files.put("one", "text")).rejects.toThrow();
  await rm(join(folder, "runs"));
  await files.put("one", "text");
  expect((await files.list()).map(({ name, owner: by }) => [name, by])).toEqual([["one", "alive"]]);
});

const MOUNT = ["--mount", "--map-root-user"];
test.runIf(process.platform === "linux" && spawnSync("unshare", [...MOUNT, "true"]).status === 0)(
  "on a disk that was full and has room again, a process that stays writes",
  async () => {
    const root = await temporaryFolder();
    const script = `mount -t tmpfs -o size=16k,nr_inodes=64 none "${root}" && exec "$@"`;
    const program = [process.execPath, "scripts/run-typescript.mjs", "test/unit/state/full-disk-child.ts", root];
    const { stdout, status } = spawnSync("unshare", [...MOUNT, "sh", "-c", script, "sh", ...program], {
      encoding: "utf8",
    });
    expect({ stdout, status }).toEqual({ stdout: "full: ENOSPC\nfull: ENOSPC\nwritten\n", status: 0 });
  },
);

/** Asks the kernel, because a process that is not reaped sends no event. It is a zombie once its last thread has ended. */
async function becomesZombie(pid: number): Promise<void> {
  for (;;) {
    const line = await readFile(`/proc/${pid}/stat`, "utf8");
    const threads = await readdir(`/proc/${pid}/task`);
    if (line.slice(line.lastIndexOf(")")).startsWith(") Z") && threads.length === 1) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

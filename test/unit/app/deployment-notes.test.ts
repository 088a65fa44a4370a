/** Notes of deployments in the state folder. */
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DiskNotes } from "../../../src/app/deployment-notes.ts";
import { realAmbient } from "../../../src/support/ambient.ts";
import { silentLog } from "../../../src/support/log.ts";
import { Responsive } from "../../../src/support/responsive.ts";
import { temporaryFolder } from "../state/owners.ts";

const notesIn = (stateDir: string, account: string | (() => string) = "account") =>
  new DiskNotes({
    stateDir,
    account: () => (typeof account === "string" ? account : account()),
    ambient: realAmbient,
    log: silentLog,
    disk: new Responsive(stateDir, realAmbient),
  });

test("what one process notes another reads, for its own account and name only", async () => {
  const folder = await temporaryFolder();
  await notesIn(folder).write("triage", { id: "d1", at: 7 });
  expect(await notesIn(folder).read("triage")).toEqual({ id: "d1", at: 7 });
  expect(await notesIn(folder).read("other")).toBeUndefined();
  expect(await notesIn(folder, "another").read("triage")).toBeUndefined();
  await notesIn(folder).remove("triage");
  expect(await notesIn(folder).read("triage")).toBeUndefined();
});

test("neither names nor accounts are written, and notes of another day are removed", async () => {
  const folder = await temporaryFolder();
  const notes = notesIn(folder, "sensitive");
  await notes.write("customer-name", { at: 7 });
  const [file = ""] = await readdir(join(folder, "deployments"));
  const path = join(folder, "deployments", file);
  expect(file + (await readFile(path, "utf8"))).not.toMatch(/sensitive|customer/);
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  await utimes(path, yesterday, yesterday);
  await notes.write("other", { at: 8 });
  expect(await readdir(join(folder, "deployments"))).not.toContain(file);
});

test("a note that cannot be read is none, and a folder that cannot be used costs nothing but the exclusion", async () => {
  const folder = await temporaryFolder();
  const notes = notesIn(folder);
  await notes.write("triage", { at: 7 });
  const [file = ""] = await readdir(join(folder, "deployments"));
  for (const text of ["", "[]", '{"id":5,"at":7}', '{"at":"now"}']) {
    await writeFile(join(folder, "deployments", file), text);
    expect(await notes.read("triage")).toBeUndefined();
  }
  if (process.platform !== "win32") {
    await rm(join(folder, "deployments", file));
    execFileSync("mkfifo", [join(folder, "deployments", file)]);
    expect(await notes.read("triage")).toBeUndefined();
  }
  const { signal } = new AbortController();
  await mkdir(join(folder, "blocked"));
  for (const name of ["locks", "deployments"]) await writeFile(join(folder, "blocked", name), "a file");
  const blocked = notesIn(join(folder, "blocked"));
  await blocked.write("triage", { at: 7 });
  expect(await blocked.exclusively("triage", signal, async () => "done")).toBe("done");
  await expect(blocked.exclusively("triage", signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("without a key there are no notes, and nothing but the work rejects", async () => {
  const notes = notesIn(await temporaryFolder(), () => {
    throw new Error("no key");
  });
  const { signal } = new AbortController();
  expect(await notes.read("triage")).toBeUndefined();
  await notes.write("triage", { at: 7 });
  await notes.remove("triage");
  expect(await notes.exclusively("triage", signal, async () => "done")).toBe("done");
  await expect(notes.exclusively("triage", signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await notes.close();
});

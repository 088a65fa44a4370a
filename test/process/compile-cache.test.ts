/** Where the compiled code of the program is kept, and where not. On Node before 22.1 nothing is kept anywhere. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROGRAM, ROOT, scratchFolder } from "../support/child-process/child.ts";

const node22 = join(ROOT, "test", "package", "nodes", "node_modules", "node-22", "bin", "node");
/** One that keeps code, where there is one. */
const node = "enableCompileCache" in nodeModule ? process.execPath : existsSync(node22) ? node22 : undefined;
if (node === undefined) test.skip("no Node here keeps code; run npm ci --prefix test/package/nodes", () => undefined);

function agents(home: string, env: Record<string, string> = {}) {
  const { status, stderr } = spawnSync(node ?? "", [PROGRAM, "agents"], {
    env: { PATH: process.env.PATH, HOME: home, SEREN_API_BASE: "local", ...env },
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
}

const folderOf = (home: string) => join(home, ".cache", "seren-bridge", "compiled");
const isKept = (home: string) => existsSync(folderOf(home)) && readdirSync(folderOf(home)).length > 0;

const onPosix = test.runIf(node !== undefined && process.platform === "linux");

onPosix("in a folder that only the owner may enter", () => {
  const home = scratchFolder();
  agents(home);
  expect(isKept(home)).toBe(true);
  expect(statSync(folderOf(home)).mode & 0o777).toBe(0o700);
  agents(home); // from what is kept
});

onPosix.each([
  ["it is not wanted", { SEREN_BRIDGE_COMPILE_CACHE: "off" }],
  ["it is a CI job", { CI: "true" }],
  ["Node is told not to", { NODE_DISABLE_COMPILE_CACHE: "1" }],
])("nowhere when %s", (_, env) => {
  const home = scratchFolder();
  agents(home, env);
  expect(existsSync(join(home, ".cache"))).toBe(false);
});

onPosix.each<[string, (home: string) => void]>([
  [
    "others may write to its folder",
    (home) => {
      mkdirSync(folderOf(home), { recursive: true });
      chmodSync(folderOf(home), 0o777);
    },
  ],
  [
    "others may write to the folder above",
    (home) => {
      mkdirSync(folderOf(home), { recursive: true, mode: 0o700 });
      chmodSync(join(home, ".cache", "seren-bridge"), 0o777);
    },
  ],
  [
    "it is a link",
    (home) => {
      mkdirSync(join(home, ".cache", "seren-bridge"), { recursive: true });
      symlinkSync(scratchFolder(), folderOf(home));
    },
  ],
  ["a file is in the way", (home) => writeFileSync(join(home, ".cache"), "")],
])("nowhere when %s", (_, prepare) => {
  const home = scratchFolder();
  prepare(home);
  agents(home);
  expect(isKept(home)).toBe(false);
});

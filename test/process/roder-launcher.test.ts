/** What a Roder package starts, where what it should start is missing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { ROOT, scratchFolder } from "../support/child-process/child.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";

const REQUEST = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "extension/initialize", params: INITIALIZE });
const OLD_NODE = `data:text/javascript,${encodeURIComponent(
  'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.18.0" } });',
)}`;

/** Starts the launcher in a folder that has nothing else. Its stdin stays open, as Roder leaves it. */
async function launch(folder: string, ...nodeOptions: string[]) {
  const launcher = join(folder, "roder-extension.mjs");
  copyFileSync(join(ROOT, "roder-extension.mjs"), launcher);
  const child = spawn(process.execPath, [...nodeOptions, launcher, "roder"], { cwd: folder, env: {} });
  child.stdin.write(`${REQUEST}\n`);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { reply: JSON.parse(stdout), stderr, code };
}

test("without a build it reports that in the reply and on stderr, once, and exits", async () => {
  const folder = scratchFolder();
  const message = `seren-bridge is not built in ${folder}/: install from the branch "packed" instead, or run there: npm ci && npm run build`;
  expect(await launch(folder)).toEqual({
    reply: { jsonrpc: "2.0", id: 1, error: { code: -32000, message } },
    stderr: `${message}\n`,
    code: 1,
  });
});

test("with a Node that is too old it names both versions, and does not load the program", async () => {
  const folder = scratchFolder();
  mkdirSync(join(folder, "dist"));
  writeFileSync(join(folder, "dist", "seren-bridge.mjs"), "process.exit(7);\n");
  expect(await launch(folder, "--import", OLD_NODE)).toMatchObject({
    reply: { error: { message: 'seren-bridge needs Node 20.18.1 or newer, and "node" on Roder\'s PATH is 20.18.0' } },
    code: 1,
  });
  await expect(launch(folder), "with this one it does").rejects.toThrow(/JSON/);
});

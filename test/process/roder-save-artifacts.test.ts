/** `save_artifacts` of a Roder task: files in the workspace, and nowhere else. */
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { RoderHost } from "../support/child-process/roder-host.ts";

const E1 = "e-1";
const LEAVES = script(
  { text: "see the files\n" },
  { artifact: { id: "r", kind: "report", title: "../../Report.json" } },
);

async function setUp() {
  const { env, run } = await startCloud();
  const workspace = scratchFolder();
  const host = await RoderHost.initialized({ env });
  const execute = (input: object, workspaceRoot: string | null = workspace) =>
    host.ask("tasks/execute", { executorId: "seren-cloud-run", executionId: E1, taskId: "t", workspaceRoot, input });
  return { run, workspace, host, execute };
}

test("the files of the run are in a folder of its own, and the result says where", async () => {
  const { run, workspace, host, execute } = await setUp();
  await execute({ prompt: LEAVES, save_artifacts: "out/files" });
  const terminal = await host.terminal(E1);
  const { runId } = await run(0);
  const folder = join(workspace, "out", "files", runId);
  const [name = ""] = readdirSync(folder);
  expect(readdirSync(folder)).toEqual([name]);
  expect(terminal).toMatchObject({
    result: { exit_code: 0, payload: { saved_artifacts: [{ kind: "report", path: join(folder, name) }] } },
  });
  expect(readdirSync(workspace)).toEqual(["out"]);
});

test.skipIf(process.platform === "win32")("a link out of the workspace is not followed", async () => {
  const { workspace, host, execute } = await setUp();
  const outside = scratchFolder();
  mkdirSync(join(workspace, "a"));
  symlinkSync(outside, join(workspace, "a", "out"));
  await execute({ prompt: LEAVES, save_artifacts: "a/out/deeper" });
  expect(await host.terminal(E1)).toMatchObject({
    result: { exit_code: 0, payload: { saved_artifacts: [], save_problem: expect.stringContaining("or a link") } },
  });
  expect(readdirSync(outside)).toEqual([]);
});

test("a folder elsewhere, or a host without a workspace, is refused before anything runs", async () => {
  const { execute } = await setUp();
  for (const folder of [
    "/tmp/x",
    "../x",
    "a/../../x",
    "a\\..\\..\\x",
    "C:\\x",
    "c:x",
    "\\\\server\\x",
    "a\u202eb",
    "",
  ]) {
    expect(await execute({ prompt: "p", save_artifacts: folder })).toMatchObject({
      error: { message: expect.stringContaining("save_artifacts") },
    });
  }
  expect(await execute({ prompt: "p", save_artifacts: "out" }, null)).toMatchObject({
    error: { message: expect.stringContaining("names no workspace") },
  });
});

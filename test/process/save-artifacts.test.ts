/** `--save-artifacts`: what a run has left, as files of this machine. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const REPORT = { id: "report", kind: "report", title: "Größe & Umfang.json" };
const ODD = { id: "odd", kind: "file", title: "../../etc/passwd" };
const AWAY = { id: "away", kind: "link", title: "away", url: "https://localhost:1/x" };
const LEAVES = script({ text: "see the files\n" }, { artifact: REPORT }, { artifact: ODD });

async function setUp() {
  const server = await startCloud();
  const folder = scratchFolder();
  const home = scratchFolder();
  const run = (...args: string[]) => startTerminal(server.env, args, home).ended;
  const files = (runId: string) =>
    Object.fromEntries(
      readdirSync(join(folder, runId)).map((name) => [name, readFileSync(join(folder, runId, name), "utf8")]),
    );
  return { server, folder, run, files };
}

test("run, runs follow and runs show save the same files, inside a folder of the run", async () => {
  const { server, folder, run, files } = await setUp();
  const { code, stdout, stderr } = await run("run", "--save-artifacts", folder, LEAVES);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "see the files\n" });
  const { runId } = await server.run(0);
  const saved = files(runId);
  expect(Object.keys(saved)).toHaveLength(2);
  expect(
    Object.values(saved)
      .map((text) => JSON.parse(text).kind)
      .sort(),
  ).toEqual(["file", "report"]);
  expect(readdirSync(folder)).toEqual([runId]);
  for (const name of Object.keys(saved)) expect(stderr).toContain(join(folder, runId, name));
  for (const args of [
    ["runs", "show"],
    ["runs", "follow"],
  ]) {
    const other = join(folder, args[1] ?? "");
    expect(await run(...args, runId, "--save-artifacts", other)).toMatchObject({ code: 0 });
    expect(readdirSync(join(other, runId)).sort()).toEqual(Object.keys(saved).sort());
  }
});

test("what cannot be saved is named, and the exit code says so; the answer is there", async () => {
  const { folder, run } = await setUp();
  const { code, stdout, stderr } = await run(
    "run",
    "--save-artifacts",
    folder,
    script({ text: "a\n" }, { artifact: AWAY }),
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: "a\n" });
  expect(stderr).toContain("away: not saved: ");
});

test("a run that is left alone, or has not ended, has none to save", async () => {
  const { server, folder, run } = await setUp();
  const refused = await run("run", "--detach", "--save-artifacts", folder, "p");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--detach does not wait for the files") });
  expect(server.cloud.stats().runsStarted).toBe(0);
  const { stdout } = await run("run", "--detach", script({ hang: true }));
  const shown = await run("runs", "show", stdout.trim(), "--save-artifacts", folder);
  expect(shown).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("has not ended, so its files are not saved"),
  });
  expect(readdirSync(folder)).toEqual([]);
});

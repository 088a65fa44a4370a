/** A state folder on a network that is gone: it costs seconds and a warning, not the run and not the program. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Exit, ROOT, scratchFolder } from "../support/child-process/child.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel } from "../support/child-process/courier-host.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

/** Calls that hang do not keep the program from ending. Older Nodes cannot end with a code then. */
const ended = (code: number): Exit =>
  "execve" in process ? { code, signal: null } : { code: null, signal: "SIGKILL" };

const silent = () => {
  const state = scratchFolder();
  const hook = join(ROOT, "test/support/child-process/silent-disk.mjs");
  const pipe = join(scratchFolder(), "pipe");
  execFileSync("mkfifo", [pipe]);
  return { SEREN_BRIDGE_STATE_DIR: state, SILENT_DISK: state, SILENT_PIPE: pipe, NODE_OPTIONS: `--import ${hook}` };
};

test("a run that needs a deployment is carried out, with a warning", async () => {
  const server = await startCloud();
  const { code, stdout, stderr } = await startTerminal({ ...server.env, ...silent() }, [
    "run",
    script({ text: "the answer\n" }),
  ]).ended;
  expect([code, stdout]).toEqual([ended(0).code, "the answer\n"]);
  expect(stderr).toContain("a crash now could leave a run behind");
  expect(stderr).not.toContain("did not foresee");
});

test("SIGTERM ends a run that waits for it", async () => {
  const server = await startCloud();
  const run = startTerminal({ ...server.env, ...silent() }, ["run", script({ hang: true })]);
  setTimeout(() => run.child.kill("SIGTERM"), 1_000);
  expect((await run.ended).code).toBe(ended(130).code);
  expect(server.cloud.stats().runsActive).toEqual([]);
});

test("doctor and watch name it", async () => {
  const server = await startCloud();
  for (const command of ["doctor", "watch"]) {
    const { stdout, stderr } = await startTerminal({ ...server.env, ...silent() }, [command]).ended;
    expect(stdout + stderr, command).toMatch(/does not reply; check the disk/s);
  }
});

test("a turn whose artifacts cannot be saved has its answer, and says why", async () => {
  const server = await startCloud();
  const state = scratchFolder();
  const host = new CourierHost({
    env: { ...server.env, ...silent(), SEREN_BRIDGE_STATE_DIR: state, SILENT_DISK: join(state, "artifacts") },
    exit: ended(0),
  });
  const session = await host.open(parcel("mounts"));
  const input = script({ text: "Done." }, { artifact: { id: "a", kind: "report" } });
  const turn = await host.run(parcel("mounts"), session, { kind: "chat", input });
  expect(answerOf(turn)).toMatch(/^Done\..*not saved: .+ does not reply; check the disk/s);
});

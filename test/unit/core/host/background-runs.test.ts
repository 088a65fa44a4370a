/** Waiting for news of a run: until something can be acted on, and never longer than asked for. */
import { expect, test } from "vitest";
import { BackgroundRuns } from "../../../../src/core/host/background-runs.ts";
import { HostJobs } from "../../../../src/core/host/host-jobs.ts";
import { RunRegistry } from "../../../../src/core/host/run-registry.ts";
import { silentLog } from "../../../../src/support/log.ts";
import { createRedactor } from "../../../../src/support/redact.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";
import { Remote } from "../../adapters/roder/remote.ts";

async function started() {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const remotes: Remote[] = [];
  const registry = new RunRegistry(
    async () => (request, limits) => {
      const remote = new Remote(ambient, request, limits);
      remotes.push(remote);
      return remote.generate();
    },
    ambient,
    { redactor: createRedactor() },
  );
  const runs = new BackgroundRuns(new HostJobs("tool", { registry, ambient, log: silentLog }), ambient);
  const target = { kind: "deployment", deploymentId: "d", named: "a test" } as const;
  const run = runs.start({ target, message: "p", onApproval: "wait" }, "agent", 600_000);
  await ambient.settle();
  const [remote] = remotes;
  if (!remote) throw new Error("nothing was started");
  const seen: string[] = [];
  let over = false;
  const wait = (waitMs: number, signal = new AbortController().signal) => {
    over = false;
    void runs.news(run, { waitMs, signal, onEvent: ({ type }) => void seen.push(type) }).then(() => {
      over = true;
    });
  };
  return { ambient, remote, run, wait, seen, isOver: () => over };
}

test("words do not end the waiting; the end of the run does", async () => {
  const { ambient, remote, run, wait, seen, isOver } = await started();
  wait(45_000);
  remote.name().say("one ").push({ type: "status", phase: "running" }).say("two");
  await ambient.settle();
  expect(isOver()).toBe(false);
  remote.end();
  await ambient.settle();
  expect(isOver()).toBe(true);
  expect(seen).toEqual(["status", "text", "status", "text"]);
  expect(ambient.now()).toBe(0);
  expect(run.ended).toBe(true);
});

test("a person who has to decide ends it, and then it ends at once until the run goes on", async () => {
  const { ambient, remote, wait, isOver } = await started();
  wait(45_000);
  remote.name().push({ type: "status", phase: "awaiting_approval" }, { type: "approval_wait", approvals: [] });
  await ambient.settle();
  expect(isOver()).toBe(true);
  wait(45_000);
  await ambient.settle();
  expect(isOver()).toBe(true);
  remote.push({ type: "status", phase: "running" });
  await ambient.settle();
  wait(45_000);
  await ambient.settle();
  expect(isOver()).toBe(false);
});

test("it ends at its bound, and with its signal; the run goes on", async () => {
  const { ambient, remote, run, wait, isOver } = await started();
  remote.name();
  wait(10_000);
  await ambient.advance(9_999);
  expect(isOver()).toBe(false);
  await ambient.advance(1);
  expect(isOver()).toBe(true);
  const controller = new AbortController();
  wait(10_000, controller.signal);
  controller.abort();
  await ambient.settle();
  expect(isOver()).toBe(true);
  expect([run.ended, remote.stoppedBy]).toEqual([false, undefined]);
});

test.each([
  [
    "a limit has cancelled",
    { kind: "failed", error: { message: "cancelled at limits.run_usd", code: "spending_limit" } },
    true,
  ],
  ["ended by itself before the limit could", { kind: "blocked", error: { message: "Not approved" } }, false],
] as const)("a run that %s", async (_, outcome, isOfLimit) => {
  const { ambient, remote, run } = await started();
  remote.name().end({ ...outcome, stoppedBy: "limit" });
  await ambient.settle();
  expect(run.limit !== undefined).toBe(isOfLimit);
});

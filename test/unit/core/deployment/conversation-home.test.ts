/** Where the next turn of a conversation goes. */
import { expect, test } from "vitest";
import type { FaultRule } from "../../../../src/local/index.ts";
import { Environment } from "../../../sim/environment.ts";
import { simulatePlan } from "../../../sim/simulate.ts";
import { aRun, aWorld } from "../harness.ts";

/** Lives through a run and one that goes on with it. Returns both as their host saw them. */
async function talked(first: Parameters<typeof aRun>[0], rules: FaultRule[] = []) {
  const reply = aRun({ atMs: 30_000, replyTo: 0, target: { kind: "workload", name: "other-1234abcd-00000000" } });
  const plan = aWorld([aRun(first), reply], rules);
  expect((await simulatePlan(plan)).problems).toEqual([]);
  const environment = new Environment(plan);
  await environment.clock.runUntil(environment.setUp());
  const process = environment.process(0);
  process.start();
  await environment.clock.advance(120_000);
  return process.recorders;
}

test.each(["deployment", "workload"] as const)("it goes to the deployment of the turn before, a %s", async (kind) => {
  const target = kind === "deployment" ? { kind } : { kind, name: "first-1234abcd-00000000" };
  const [first, second] = await talked({ target });
  expect(first?.conversation).toMatch(/^[0-9a-f-]{36}$/);
  expect(second?.outcome?.kind).toBe("completed");
  expect(second?.outcome?.run?.deploymentId).toBe(first?.outcome?.run?.deploymentId);
  expect(second?.conversation).toBe(first?.conversation);
});

test("a list that lags behind is asked again", async () => {
  const [, second] = await talked({}, [{ kind: "lag", where: "list", ms: 33_000 }]);
  expect(second?.outcome?.kind).toBe("completed");
});

test("a conversation of which no run is known is refused, and nothing is started", async () => {
  const [first, second] = await talked({}, [{ kind: "lag", where: "list", ms: 600_000 }]);
  expect(second?.failure).toMatchObject({
    kind: "not_found",
    message: expect.stringContaining(first?.conversation ?? "-"),
  });
  expect(second?.runId).toBeUndefined();
});

/** Upsert cannot double, cannot flap, cannot lose. */
import { expect, test } from "vitest";
import { MemoryNotes } from "../../../../src/core/deployment/deployment-notes.ts";
import type { Upsert, Upserted } from "../../../../src/core/deployment/upsert-deployment.ts";
import type { DeploymentDesk } from "../../../../src/core/engine.ts";
import type { FaultRule } from "../../../../src/local/index.ts";
import { sleep } from "../../../../src/support/ambient.ts";
import { DeskWorld, nightly } from "./desk-harness.ts";

const signal = new AbortController().signal;
const ONE = nightly("1");
const TWO = nightly("2");
const up = (desk: DeploymentDesk, upsert: Upsert) => desk.upsert(upsert, signal);
const idsOf = ({ superseded }: Upserted) => superseded.map(({ id }) => id);

test("twice the same is one deployment, and the second asks for the list only", async () => {
  const world = new DeskWorld();
  const desk = world.desk();
  const first = await world.run(up(desk, ONE));
  world.asked.length = 0;
  const second = await world.run(up(desk, ONE));
  expect(second.deployment.id).toBe(first.deployment.id);
  expect(world.asked.filter((one) => !one.startsWith("GET"))).toEqual([]);
  expect(await world.existing()).toEqual(["night-up-11111111 running"]);
});

test("another machine, without notes, finds the same", async () => {
  const world = new DeskWorld();
  const first = await world.run(up(world.desk(), ONE));
  const second = await world.run(up(world.desk(), ONE));
  expect(second.deployment.id).toBe(first.deployment.id);
});

test("a change replaces it, once it works; look-alikes and other families stay", async () => {
  const world = new DeskWorld();
  const desk = world.desk();
  const names = [
    "night",
    "night-up",
    "night-up-1111111",
    "night-up-111111111",
    "night-up-11111111-x",
    "night-watch-up-11111111",
  ];
  for (const name of names) await world.calls.deploy({ name });
  const first = await world.run(up(desk, ONE));
  const second = await world.run(up(desk, TWO));
  expect(idsOf(second)).toEqual([first.deployment.id]);
  const left = (await world.existing()).map((one) => one.split(" ")[0]);
  expect(left).toEqual([...names, "night-up-22222222"]);
  expect(world.asked.indexOf("DELETE /deployments/*")).toBe(world.asked.lastIndexOf("DELETE /deployments/*"));
});

test("a failed build is reported and leaves the old one; the next one mends it", async () => {
  const faults: FaultRule[] = [{ kind: "fail_build", where: "deploy", after: 1, message: "no space left" }];
  const world = new DeskWorld({ faults: { rules: faults }, deployMs: 30_000 });
  const desk = world.desk();
  const first = await world.run(up(desk, ONE));
  const failing = world.run(up(desk, TWO));
  await expect(failing).rejects.toMatchObject({
    message: "the deployment failed to build: no space left",
    details: { failedDeployment: expect.any(String) },
  });
  expect(await world.existing()).toEqual(["night-up-11111111 running", "night-up-22222222 failed"]);
  const mended = await world.run(up(desk, TWO));
  expect(idsOf(mended)).toEqual([first.deployment.id]);
  expect(await world.existing()).toEqual(["night-up-22222222 running"]);
});

test.each(["drop", "unavailable", "html", "cut"] as const)(
  "a create answer that is lost (%s) makes no second one",
  async (answer) => {
    const world = new DeskWorld({ faults: { rules: [{ kind: "lost_reply", where: "deploy", answer }] } });
    await world.run(up(world.desk(), ONE));
    expect(await world.existing()).toEqual(["night-up-11111111 running"]);
  },
);

test.each(["unknown_word", "string", "number"] as const)(
  "a list whose rows all have the same id (%s) hides nothing that has the name",
  async (oddity) => {
    const world = new DeskWorld({
      faults: {
        rules: [
          { kind: "odd", where: "deployments", path: "data[].id", oddity, times: 1_000 },
          { kind: "lost_reply", where: "deploy", answer: "drop", after: 1 },
        ],
      },
    });
    for (const spec of [ONE, TWO]) await world.run(up(world.desk(), spec).catch(() => undefined));
    const made = (await world.existing()).map((one) => one.split(" ")[0]);
    expect(made).toContain("night-up-11111111");
    expect(made.filter((name) => name === "night-up-22222222").length).toBeLessThan(2);
  },
);

test("an interrupted replacement is finished by the next, in the unchanged case as well", async () => {
  const world = new DeskWorld({ faults: { rules: [{ kind: "status", where: "delete", status: 500, times: 9 }] } });
  const desk = world.desk();
  await world.run(up(desk, ONE));
  const second = await world.run(up(desk, TWO));
  expect(second.left.map(({ why }) => why)).toEqual([expect.stringContaining("could not be deleted")]);
  expect(await world.existing()).toHaveLength(2);
  for (let rest = 0; rest < 3 && (await world.existing()).length > 1; rest += 1) await world.run(up(desk, TWO));
  expect(await world.existing()).toEqual(["night-up-22222222 running"]);
});

test("what still works is left, and named", async () => {
  const world = new DeskWorld();
  const desk = world.desk();
  const first = await world.run(up(desk, ONE));
  const run = await world.calls.start(first.deployment.id, [{ hang: true }]);
  const second = await world.run(up(desk, TWO));
  expect(second.superseded).toEqual([]);
  expect(second.left).toMatchObject([
    { deployment: { id: first.deployment.id }, why: "a run on it is still going on" },
  ]);
  await world.calls.post(`/runs/${run}/cancel`);
  const third = await world.run(up(desk, TWO));
  expect(idsOf(third)).toEqual([first.deployment.id]);
});

test("going back to an earlier spec replaces again", async () => {
  const world = new DeskWorld();
  const desk = world.desk();
  for (const spec of [ONE, TWO, ONE]) await world.run(up(desk, spec));
  expect(await world.existing()).toEqual(["night-up-11111111 running"]);
});

test("a list that lags behind leaves neither a twin nor a predecessor", async () => {
  const world = new DeskWorld({ faults: { rules: [{ kind: "lag", where: "deployments", ms: 60_000 }] } });
  const desk = world.desk();
  const first = await world.run(up(desk, ONE));
  expect((await world.run(up(desk, ONE))).deployment.id).toBe(first.deployment.id);
  expect(idsOf(await world.run(up(desk, TWO)))).toEqual([first.deployment.id]);
  await world.run(sleep(world.calls.ambient, 120_000));
  expect(await world.existing()).toEqual(["night-up-22222222 running"]);
});

test("of two equal ones that two machines made, both keep the older", async () => {
  const world = new DeskWorld();
  const body = await ONE.create("night-up-11111111");
  const older = await world.calls.deploy(body);
  await world.run(sleep(world.calls.ambient, 1_000));
  const younger = await world.calls.deploy(body);
  const first = await world.run(up(world.desk(), ONE));
  expect([first.deployment.id, idsOf(first)]).toEqual([older, [younger]]);
});

test.each<FaultRule[]>([
  [],
  [{ kind: "odd", where: "deployments", path: "data[].mode", oddity: "array" }],
  [{ kind: "odd", where: "deployments", path: "data[].mode", oddity: "unknown_word" }],
])("an always-on service that was stopped is started", async (...rules) => {
  const world = new DeskWorld({ faults: { seed: 1, rules } });
  const desk = world.desk();
  const service = nightly("3", { mode: "always_on" });
  const { deployment } = await world.run(up(desk, service));
  await world.run(desk.stop(deployment.id, signal));
  expect(await world.existing()).toEqual(["night-up-33333333 stopped"]);
  expect((await world.run(up(desk, service))).deployment).toMatchObject({ id: deployment.id, status: "running" });
});

test("one that was deleted meanwhile is made again", async () => {
  const world = new DeskWorld();
  const desk = world.desk(new MemoryNotes());
  const first = await world.run(up(desk, ONE));
  await world.run(desk.remove(first.deployment.id, signal));
  const second = await world.run(up(desk, ONE));
  expect(second.deployment.id).not.toBe(first.deployment.id);
  expect(await world.existing()).toEqual(["night-up-11111111 running"]);
});

test("make makes a new one each time, and waits for it", async () => {
  const world = new DeskWorld({ deployMs: 5_000 });
  const desk = world.desk();
  const create = () => ONE.create("mine");
  const first = await world.run(desk.make({ name: "mine", create }, signal));
  const second = await world.run(desk.make({ name: "mine", create }, signal));
  expect(first.id).not.toBe(second.id);
  expect(await world.existing()).toEqual(["mine running", "mine running"]);
});

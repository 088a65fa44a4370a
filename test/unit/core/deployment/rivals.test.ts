/** Two machines that bring about different things under one name at the same time: none doubles, none is lost, one rule decides. */
import { expect, test } from "vitest";
import { sleep } from "../../../../src/support/ambient.ts";
import { DeskWorld, nightly } from "./desk-harness.ts";

const signal = new AbortController().signal;
const [ONE, TWO, THREE] = [nightly("1"), nightly("2"), nightly("3")];
const namesOf = async (world: DeskWorld) => (await world.existing()).map((one) => one.split(" ")[0]);

test("of different ones that are made at the same moment one stays, the same by every rule of order", async () => {
  for (let delay = 0; delay < 6; delay += 1) {
    const world = new DeskWorld();
    const { ambient } = world.calls;
    const second = sleep(ambient, delay, signal).then(() => world.desk().upsert(TWO, signal));
    await world.run(Promise.allSettled([world.desk().upsert(ONE, signal), second]));
    expect(await world.existing(), `${delay} ms apart`).toHaveLength(1);
  }
});

test("what another machine is about to put in the place of an unchanged one is waited for, and then replaced", async () => {
  const world = new DeskWorld({ deployMs: 20_000 });
  const { ambient } = world.calls;
  const mine = world.desk();
  const first = await world.run(mine.upsert(ONE, signal));
  const other = world.run(world.desk().upsert(TWO, signal));
  await ambient.advance(5_000);
  const [theirs, again] = await world.run(Promise.all([other, mine.upsert(ONE, signal)]));
  expect(theirs.superseded.map(({ id }) => id)).toEqual([first.deployment.id]);
  expect(again.superseded.map(({ id }) => id)).toEqual([theirs.deployment.id]);
  expect(await namesOf(world)).toEqual(["night-up-11111111"]);
});

test("and so is what it puts in the place of that, meanwhile", async () => {
  const world = new DeskWorld();
  const { ambient } = world.calls;
  const idOf = async (name: string) =>
    (await world.calls.get("/deployments")).body.data.find((one: { name: string }) => one.name === name)?.id;
  const mine = world.desk();
  await world.run(mine.upsert(ONE, signal));
  await ambient.advance(1_000);
  await world.calls.deploy(await TWO.create("night-up-22222222"));
  const again = mine.upsert(ONE, signal);
  await ambient.advance(500);
  await world.calls.send("DELETE", `/deployments/${await idOf("night-up-22222222")}`);
  await world.calls.send("DELETE", `/deployments/${await idOf("night-up-11111111")}`);
  await world.calls.deploy(await ONE.create("night-up-11111111"));
  await ambient.advance(10);
  await world.calls.deploy(await THREE.create("night-up-33333333"));
  await ambient.advance(5_000);
  expect(await namesOf(world)).toEqual(["night-up-11111111", "night-up-33333333"]);
  await world.run(again);
  expect(await namesOf(world)).toEqual(["night-up-11111111"]);
});

test("one that another machine left half-way is replaced after a while; an old one, or one of this machine, at once", async () => {
  const world = new DeskWorld();
  const { ambient } = world.calls;
  const mine = world.desk();
  const first = await world.run(mine.upsert(ONE, signal));
  const theirs = await TWO.create("night-up-22222222");
  await ambient.advance(1_000);
  await world.calls.deploy(theirs);
  const before = ambient.now();
  expect((await world.run(mine.upsert(ONE, signal))).deployment.id).toBe(first.deployment.id);
  expect(ambient.now() - before).toBeGreaterThan(20_000);
  await world.calls.deploy(theirs);
  await ambient.advance(2 * 3_600_000);
  const later = ambient.now();
  expect((await world.run(mine.upsert(ONE, signal))).deployment.id).toBe(first.deployment.id);
  expect(ambient.now() - later).toBeLessThan(1_000);
  expect(await namesOf(world)).toEqual(["night-up-11111111"]);
});

test("what was replaced while it was being built says so, and leaves what serves", async () => {
  const world = new DeskWorld({ deployMs: 20_000 });
  const { ambient } = world.calls;
  const mine = world.run(world.desk().upsert(ONE, signal));
  const failed = expect(mine).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining("another machine"),
  });
  await ambient.advance(1_000);
  const [{ id }] = (await world.calls.get("/deployments")).body.data;
  await world.calls.deploy(await TWO.create("night-up-22222222"));
  await world.calls.send("DELETE", `/deployments/${id}`);
  await ambient.advance(60_000);
  await failed;
  expect(await namesOf(world)).toEqual(["night-up-22222222"]);
});

/** A superseded schedule whose run is going on: the service can neither pause it nor delete it without its runs. */
import { expect, test } from "vitest";
import { DeskWorld, nightly } from "./desk-harness.ts";

const signal = new AbortController().signal;
const MINUTE = 60_000;
const scheduled = (digit: string, schedule: string) => nightly(digit, { mode: "cron", cron_schedule: schedule });

/** A schedule whose deployment has a run going on; `script` says how long. */
async function begun(schedule: string, script: object[]) {
  const world = new DeskWorld();
  const desk = world.desk();
  const first = await world.run(desk.upsert(scheduled("1", schedule), signal));
  const run = await world.calls.start(first.deployment.id, script);
  const starts = async () =>
    (await world.calls.get("/runs?source=scheduler")).body.data.filter(
      (one: { deployment_id: string }) => one.deployment_id === first.deployment.id,
    ).length;
  const statusOf = async () =>
    (await world.calls.get(`/runs?limit=100`)).body.data.find(({ id }: { id: string }) => id === run)?.status;
  return { world, desk, first: first.deployment, run, starts, statusOf };
}

test("its run is waited for, and then it is deleted", async () => {
  const { world, desk, first, starts, statusOf } = await begun("0 3 * * *", [{ sleep_ms: 4 * MINUTE }]);
  const second = await world.run(desk.upsert(scheduled("2", "0 3 * * *"), signal));
  expect(second.superseded.map(({ id }) => id)).toEqual([first.id]);
  expect(second.left).toEqual([]);
  expect(await statusOf()).toBe("completed");
  await world.calls.ambient.advance(48 * 60 * MINUTE);
  expect(await starts()).toBe(0);
});

test("its run is not ended, although the schedule is due again", async () => {
  const { world, desk, first, statusOf } = await begun("*/5 * * * *", [{ hang: true }]);
  const second = await world.run(desk.upsert(scheduled("2", "0 3 * * *"), signal));
  expect(second.superseded).toEqual([]);
  expect(second.left).toMatchObject([{ deployment: { id: first.id }, isScheduled: true }]);
  expect(await statusOf()).toBe("running");
});

test("a run that lasts longer is left, and named as a schedule that goes on", async () => {
  const { world, desk, first, run } = await begun("0 3 1 1 *", [{ hang: true }]);
  const second = await world.run(desk.upsert(scheduled("2", "0 3 * * *"), signal));
  expect(second.superseded).toEqual([]);
  expect(second.left).toMatchObject([{ deployment: { id: first.id }, isScheduled: true }]);
  await world.calls.post(`/runs/${run}/cancel`);
  const third = await world.run(desk.upsert(scheduled("2", "0 3 * * *"), signal));
  expect(third.superseded.map(({ id }) => id)).toEqual([first.id]);
});

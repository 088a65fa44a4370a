import { expect, test } from "vitest";
import { parseCron } from "../../../../src/local/model/cron.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

const next = (expression: string, after: string, zone = "UTC") => {
  const due = parseCron(expression, zone)?.nextAfter(Date.parse(after));
  return due === undefined ? undefined : new Date(due).toISOString();
};

test.each([
  ["0 3 * * *", "2026-11-27T10:00:00Z", "UTC", "2026-11-28T03:00:00.000Z"],
  ["0 3 * * *", "2026-11-27T10:00:00Z", "Europe/Berlin", "2026-11-28T02:00:00.000Z"],
  ["*/15 * * * *", "2026-11-27T10:15:00Z", "UTC", "2026-11-27T10:30:00.000Z"],
  ["30 9 * * mon-fri", "2026-11-27T10:00:00Z", "UTC", "2026-11-30T09:30:00.000Z"],
  ["0 0 29 2 *", "2026-11-27T10:00:00Z", "UTC", "2028-02-29T00:00:00.000Z"],
  ["0 0 1 * 0", "2026-11-27T10:00:00Z", "UTC", "2026-11-29T00:00:00.000Z"],
  ["5/20 22 * * 7", "2026-11-27T10:00:00Z", "UTC", "2026-11-29T22:05:00.000Z"],
  // The clocks of Berlin skip 02:30 on this day.
  ["30 2 * * *", "2027-03-27T12:00:00Z", "Europe/Berlin", "2027-03-29T00:30:00.000Z"],
  ["0 0 31 2 *", "2026-11-27T10:00:00Z", "UTC", undefined],
])("%s after %s in %s is due at %s", (expression, after, zone, due) => {
  expect(next(expression, after, zone)).toBe(due);
});

test.each(["* * * *", "60 * * * *", "* * * * * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "", "1,,2 * * * *"])(
  "%j is no expression",
  (expression) => expect(parseCron(expression, "UTC")).toBeUndefined(),
);

test("a cron deployment runs at its minutes, by itself, until it is deleted", async () => {
  const calls = new Calls();
  const id = await calls.deploy({ mode: "cron", cron_schedule: "0 * * * *" });
  await calls.ambient.advance(3 * 3_600_000);
  const runs = async () => (await calls.get("/runs")).body.data;
  expect(
    (await runs()).map(({ source, status, deployment_id }: Record<string, string>) => [source, status, deployment_id]),
  ).toEqual(Array.from({ length: 3 }, () => ["scheduler", "completed", id]));
  expect((await calls.get("/runs?source=scheduler")).body.data).toHaveLength(3);
  expect((await calls.get("/runs?source=api")).body.data).toHaveLength(0);
  await calls.send("DELETE", `/deployments/${id}`);
  await calls.ambient.advance(3 * 3_600_000);
  expect(await runs()).toHaveLength(3);
});

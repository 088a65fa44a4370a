import { expect, test } from "vitest";
import { Semaphore } from "../../../src/support/semaphore.ts";

const patient = new AbortController().signal;

test("slots are given at once while there are any, then in the order of the calls", async () => {
  const slots = new Semaphore(2);
  const order: string[] = [];
  const enter = async (name: string) => {
    const leave = await slots.take(patient);
    order.push(name);
    return leave;
  };
  const [leaveA] = await Promise.all([enter("a"), enter("b")]);
  const c = enter("c");
  const d = enter("d");
  await Promise.resolve();
  expect(order).toEqual(["a", "b"]);
  leaveA();
  (await c)();
  await d;
  expect(order).toEqual(["a", "b", "c", "d"]);
});

test("an aborted caller takes no slot", async () => {
  const slots = new Semaphore(1);
  const leave = await slots.take(patient);
  const stop = new AbortController();
  const stopped = slots.take(stop.signal);
  const next = slots.take(patient);
  stop.abort(new Error("stopped"));
  await expect(stopped).rejects.toThrow("stopped");
  await expect(slots.take(stop.signal)).rejects.toThrow("stopped");
  leave();
  (await next)();
  await slots.take(patient);
});

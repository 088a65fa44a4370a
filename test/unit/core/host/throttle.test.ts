import { expect, test } from "vitest";
import { Throttle } from "../../../../src/core/host/throttle.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

function throttled(everyMs: number, turn: () => Promise<void> | undefined = () => undefined) {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const turns: number[] = [];
  const throttle = new Throttle(ambient, everyMs, () => {
    turns.push(ambient.now());
    return turn();
  });
  return { ambient, throttle, turns };
}

test("the first turn is taken at once, the next ones at their distance, however often they are asked for", async () => {
  const { ambient, throttle, turns } = throttled(100);
  for (let at = 0; at < 300; at += 10) {
    throttle.ask();
    await ambient.advance(10);
  }
  expect(turns).toEqual([0, 100, 200, 300]);
});

test("nothing happens that was not asked for", async () => {
  const { ambient, throttle, turns } = throttled(100);
  throttle.ask();
  await ambient.advance(1000);
  throttle.ask();
  expect(turns).toEqual([0, 1000]);
});

test("an urgent turn does not wait and starts the distance anew", async () => {
  const { ambient, throttle, turns } = throttled(100);
  throttle.ask();
  await ambient.advance(30);
  throttle.ask({ atOnce: true });
  throttle.ask();
  await ambient.advance(200);
  expect(turns).toEqual([0, 30, 130]);
});

test.each([
  ["in turn", false, 50, [0, 100]],
  ["at once", true, 50, [0, 50]],
  ["in turn, when the distance has passed meanwhile", false, 450, [0, 450]],
])("a turn that is still going on is not overtaken (%s)", async (_, urgent, turnMs, expected) => {
  const { ambient, throttle, turns } = throttled(
    100,
    () => new Promise((resolve) => void ambient.timer(turnMs, resolve)),
  );
  throttle.ask();
  await ambient.advance(10);
  throttle.ask({ atOnce: urgent });
  await ambient.advance(1000);
  expect(turns).toEqual(expected);
});

test("a turn that rejects counts as taken", async () => {
  const { ambient, throttle, turns } = throttled(100, () => Promise.reject(new Error("gone")));
  throttle.ask();
  await ambient.settle();
  throttle.ask();
  await ambient.advance(100);
  expect(turns).toEqual([0, 100]);
});

test("a closed throttle takes no turn, not even one that was waiting", async () => {
  const { ambient, throttle, turns } = throttled(100);
  throttle.ask();
  throttle.ask();
  throttle.close();
  throttle.ask({ atOnce: true });
  await ambient.advance(1000);
  expect(turns).toEqual([0]);
});

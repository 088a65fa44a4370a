import { expect, test } from "vitest";
import { Watchdog } from "../../../src/support/watchdog.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";

function dog(limitMs = 100) {
  const ambient = new VirtualAmbient(1);
  const began = ambient.now();
  const rung: number[] = [];
  const watchdog = new Watchdog(ambient, limitMs, () => rung.push(ambient.now() - began));
  return { ambient, watchdog, rung };
}

test("it rings once, when the time is over", async () => {
  const { ambient, rung } = dog();
  await ambient.advance(99);
  expect(rung).toEqual([]);
  await ambient.advance(1_000);
  expect(rung).toEqual([100]);
  expect(ambient.waiting).toBe(0);
});

test("it rings exactly when the limit has passed since the last `alive`", async () => {
  for (let at = 1; at < 250; at += 7) {
    const { ambient, watchdog, rung } = dog();
    for (let passed = 0; passed < at; passed += 1) {
      await ambient.advance(1);
      watchdog.alive();
    }
    await ambient.advance(500);
    expect(rung).toEqual([at + 100]);
  }
});

test("`alive` sets no timers", async () => {
  const { ambient, watchdog } = dog();
  for (let count = 0; count < 1_000; count += 1) watchdog.alive();
  expect(ambient.waiting).toBe(1);
});

test("suspended it does not ring; the time restarts with the next `alive`", async () => {
  const { ambient, watchdog, rung } = dog();
  watchdog.rest();
  await ambient.advance(1_030);
  watchdog.alive();
  await ambient.advance(500);
  expect(rung).toEqual([1_130]);
});

test("stopped, it does not ring and leaves no timer", async () => {
  const { ambient, watchdog, rung } = dog();
  await ambient.advance(50);
  watchdog.alive();
  await ambient.advance(70);
  watchdog.stop();
  expect(ambient.waiting).toBe(0);
  await ambient.advance(500);
  expect(rung).toEqual([]);
});

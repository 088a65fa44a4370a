import { expect, test } from "vitest";
import { sleep } from "../../../src/support/ambient.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";

test("timers fire in order of due time, then of creation, and time jumps", async () => {
  const ambient = new VirtualAmbient(1, { startMs: 1000 });
  const seen: string[] = [];
  const record = (name: string) => () => void seen.push(`${name}@${ambient.now()}`);
  ambient.timer(3_600_000, record("hour"));
  ambient.timer(5, record("five"));
  ambient.timer(5, record("five again"));
  ambient.timer(0, record("zero is one"));
  ambient.timer(1.9, record("fractions are cut"));
  ambient.soon(record("soon"));
  const cancelled = ambient.timer(2, record("never"));
  cancelled();
  cancelled();
  expect(ambient.waiting).toBe(6);
  await ambient.advanceUntilIdle();
  expect(seen).toEqual([
    "soon@1000",
    "zero is one@1001",
    "fractions are cut@1001",
    "five@1005",
    "five again@1005",
    "hour@3601000",
  ]);
  expect(ambient.waiting).toBe(0);
});

test("promise chains of any length finish before the next timer", async () => {
  const ambient = new VirtualAmbient(1);
  const seen: string[] = [];
  ambient.timer(1, () => {
    void (async () => {
      for (let i = 0; i < 500; i += 1) await undefined;
      await new Promise<void>((resolve) => process.nextTick(resolve));
      for (let i = 0; i < 500; i += 1) await undefined;
      seen.push("chain");
    })();
  });
  ambient.timer(1, () => void seen.push("timer"));
  await ambient.advanceUntilIdle();
  expect(seen).toEqual(["chain", "timer"]);
});

test("soon keeps its order and runs before later timers, even when called late", async () => {
  const ambient = new VirtualAmbient(1, { reorderTies: true });
  const seen: number[] = [];
  ambient.timer(1, () => void seen.push(3));
  ambient.soon(() => {
    seen.push(1);
    ambient.soon(() => void seen.push(2));
  });
  await ambient.advanceUntilIdle();
  expect(seen).toEqual([1, 2, 3]);
});

test("equal seeds agree, different seeds differ", () => {
  const draw = (seed: number) => {
    const ambient = new VirtualAmbient(seed);
    return [ambient.uuid(), ambient.uuid(), ambient.random()];
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new VirtualAmbient(7).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("the order of ties can be drawn from the seed", async () => {
  const order = async (seed: number) => {
    const ambient = new VirtualAmbient(seed, { reorderTies: true });
    const seen: number[] = [];
    for (let i = 0; i < 8; i += 1) ambient.timer(10, () => void seen.push(i));
    await ambient.advanceUntilIdle();
    return seen.join("");
  };
  expect(await order(3)).toBe(await order(3));
  expect(new Set([await order(1), await order(2), await order(3), await order(4)]).size).toBeGreaterThan(1);
});

test("unref timers fire in order but do not keep time going", async () => {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const seen: string[] = [];
  const beat = () => {
    seen.push(`beat@${ambient.now()}`);
    ambient.timer(10, beat, { unref: true });
  };
  ambient.timer(10, beat, { unref: true });
  ambient.timer(25, () => void seen.push("work"));
  await ambient.advanceUntilIdle();
  expect(seen).toEqual(["beat@10", "beat@20", "work"]);
});

test("advance stops the clock at the given time", async () => {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const seen: number[] = [];
  ambient.timer(10, () => void seen.push(ambient.now()));
  ambient.timer(11, () => void seen.push(ambient.now()));
  await ambient.advance(10);
  expect([seen, ambient.now()]).toEqual([[10], 10]);
  await ambient.advance(100);
  expect([seen, ambient.now()]).toEqual([[10, 11], 110]);
});

test("runUntil settles with the promise, and no later timer fires", async () => {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  let fired = false;
  ambient.timer(50, () => {
    fired = true;
  });
  await expect(ambient.runUntil(sleep(ambient, 20).then(() => "done"))).resolves.toBe("done");
  expect([ambient.now(), fired]).toEqual([20, false]);
  await expect(ambient.runUntil(Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("a lost wake-up is reported as a deadlock, and an endless loop as such", async () => {
  const ambient = new VirtualAmbient(9, { maxSteps: 1000 });
  await expect(ambient.runUntil(new Promise(() => undefined))).rejects.toThrow("deadlock (seed 9)");
  const again = () => ambient.soon(again);
  again();
  await expect(ambient.advanceUntilIdle()).rejects.toThrow("no end after 1000 steps (seed 9)");
});

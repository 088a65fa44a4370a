import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { type Ambient, backoffMs, realAmbient, sleep } from "../../../src/support/ambient.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";

describe("sleep", () => {
  test("resolves when the time has come, not before", async () => {
    const ambient = new VirtualAmbient(1);
    let awake = false;
    const sleeping = sleep(ambient, 1_000).then(() => {
      awake = true;
    });
    await ambient.advance(999);
    expect(awake).toBe(false);
    await ambient.advance(1);
    expect(awake).toBe(true);
    await sleeping;
  });

  test("an abort rejects with its reason at once and removes the timer", async () => {
    const ambient = new VirtualAmbient(1);
    const controller = new AbortController();
    const reason = new Error("enough");
    const sleeping = sleep(ambient, 60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(ambient.waiting).toBe(0);
  });

  test("does not begin when it is aborted already", async () => {
    const ambient = new VirtualAmbient(1);
    await expect(sleep(ambient, 10, AbortSignal.abort("no"))).rejects.toBe("no");
    expect(ambient.waiting).toBe(0);
  });

  test("leaves no listener behind on a signal that outlives it", async () => {
    const ambient = new VirtualAmbient(1);
    const { signal } = new AbortController();
    for (let round = 0; round < 50; round += 1) await ambient.runUntil(sleep(ambient, 5, signal));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("backoffMs", () => {
  const fixed = (random: number): Ambient => ({ ...realAmbient, random: () => random });

  test.each([
    [0, 0, 50],
    [0, 0.999999, 500],
    [1, 0.999999, 1_000],
    [3, 0.999999, 4_000],
    [6, 0.999999, 30_000],
    [6, 0, 3_000],
    [1_000_000, 0.999999, 30_000],
  ])("attempt %i with luck %d waits %i ms", (attempt, random, expected) => {
    expect(Math.round(backoffMs(fixed(random), attempt, 500, 30_000))).toBe(expected);
  });
});

describe("the real ambient", () => {
  test("a delay beyond the platform's maximum does not fire at once", async () => {
    let fired = false;
    const stop = realAmbient.timer(Number.MAX_SAFE_INTEGER, () => {
      fired = true;
    });
    await new Promise<void>((resolve) => void realAmbient.timer(5, resolve));
    stop();
    expect(fired).toBe(false);
  });

  test("a stopped timer does not fire", async () => {
    let fired = false;
    realAmbient.timer(0, () => {
      fired = true;
    })();
    await new Promise<void>((resolve) => void realAmbient.timer(5, resolve));
    expect(fired).toBe(false);
  });

  test("soon comes after what is already queued", async () => {
    const order: string[] = [];
    const done = new Promise<void>((resolve) =>
      realAmbient.soon(() => {
        order.push("soon");
        resolve();
      }),
    );
    order.push("now");
    queueMicrotask(() => order.push("microtask"));
    await done;
    expect(order).toEqual(["now", "microtask", "soon"]);
  });

  test("an unref timer does not keep the process open", () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const stop = realAmbient.timer(60_000, () => undefined, { unref: true });
    expect(process.getActiveResourcesInfo().filter((name) => name === "Timeout")).toHaveLength(before);
    stop();
  });

  test("ids are v4 UUIDs and differ", () => {
    const [one, two] = [realAmbient.uuid(), realAmbient.uuid()];
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(one).not.toBe(two);
  });

  test("a random value is in [0, 1) and the clock goes on", () => {
    const random = realAmbient.random();
    expect(random >= 0 && random < 1).toBe(true);
    expect(realAmbient.now()).toBeGreaterThan(Date.UTC(2020, 0, 1));
  });
});

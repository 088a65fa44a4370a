import { describe, expect, test } from "vitest";
import type { Ambient } from "../../../src/support/ambient.ts";
import { TokenBucket } from "../../../src/support/token-bucket.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";

const bucketOf = (ambient: Ambient) => new TokenBucket(ambient, { size: 20, refillEveryMs: 200 });

describe("taking with a wait", () => {
  const takeAll = async (ambient: VirtualAmbient, bucket: TokenBucket, count: number) => {
    const start = ambient.now();
    const at: number[] = [];
    await ambient.runUntil(
      Promise.all(Array.from({ length: count }, () => bucket.take().then(() => at.push(ambient.now() - start)))),
    );
    return at;
  };

  test("gives the burst at once and a token per interval after that", async () => {
    const ambient = new VirtualAmbient(1);
    const at = await takeAll(ambient, bucketOf(ambient), 25);
    expect(at).toEqual([...Array(20).fill(0), 200, 400, 600, 800, 1_000]);
  });

  test("refills up to its size", async () => {
    const ambient = new VirtualAmbient(1);
    const bucket = bucketOf(ambient);
    await takeAll(ambient, bucket, 20);
    await ambient.advance(2_000);
    expect(await takeAll(ambient, bucket, 11)).toEqual([...Array(10).fill(0), 200]);
    await ambient.advance(3_600_000);
    expect(await takeAll(ambient, bucket, 21)).toEqual([...Array(20).fill(0), 200]);
  });

  test("an aborted wait returns the token", async () => {
    const ambient = new VirtualAmbient(1);
    const bucket = bucketOf(ambient);
    await takeAll(ambient, bucket, 20);
    const controllers = Array.from({ length: 100 }, () => new AbortController());
    const waiters = controllers.map(({ signal }) => bucket.take(signal).catch((reason) => reason));
    for (const controller of controllers) controller.abort("stop");
    expect(new Set(await Promise.all(waiters))).toEqual(new Set(["stop"]));
    expect(await takeAll(ambient, bucket, 1)).toEqual([200]);
  });

  test("a clock that is set back costs no token", async () => {
    let now = 1_000_000;
    const ambient = new VirtualAmbient(1);
    const bucket = bucketOf({
      now: () => now,
      timer: (...timer) => ambient.timer(...timer),
      soon: (run) => ambient.soon(run),
      random: ambient.random,
      uuid: () => ambient.uuid(),
    });
    await bucket.take();
    now -= 500_000;
    for (let taken = 0; taken < 19; taken += 1) await bucket.take();
    expect(ambient.waiting).toBe(0);
  });
});

describe("taking without a wait", () => {
  test("succeeds as often as there are tokens, and again as they come back", async () => {
    const ambient = new VirtualAmbient(1);
    const bucket = new TokenBucket(ambient, { size: 2, refillEveryMs: 100 });
    expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false]);
    expect(bucket.isEmpty).toBe(true);
    await ambient.advance(100);
    expect([bucket.isEmpty, bucket.tryTake(), bucket.tryTake()]).toEqual([false, true, false]);
    await ambient.advance(10_000);
    expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false]);
  });
});

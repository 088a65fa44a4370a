import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { RetryBudget, retrying } from "../../../../src/seren/http/retry.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const away = (retryAfterMs?: number) =>
  new ExecutionFailure("unavailable", "away", retryAfterMs === undefined ? {} : { details: { retryAfterMs } });

/** Fails as told, then answers; notes when it was called. */
function calls(ambient: VirtualAmbient, ...failures: unknown[]) {
  const at: number[] = [];
  const start = ambient.now();
  const attempt = async () => {
    at.push(ambient.now() - start);
    if (failures.length > 0) throw failures.shift();
    return "done";
  };
  return { at, attempt };
}

describe("retrying", () => {
  test("answers at once when nothing fails", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient);
    expect(await retrying(ambient, new RetryBudget(ambient), { attempts: 4 }, attempt)).toBe("done");
    expect(at).toEqual([0]);
  });

  test("waits longer after each failure, within the backoff's bounds", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient, away(), away(), away());
    const result = retrying(ambient, new RetryBudget(ambient), { attempts: 4 }, attempt);
    expect(await ambient.runUntil(result)).toBe("done");
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    for (const [index, ceiling] of [500, 1_000, 2_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(Math.floor(ceiling / 10));
      expect(waits[index]).toBeLessThanOrEqual(ceiling);
    }
  });

  test("gives up after the tries it has, with the last failure", async () => {
    const ambient = new VirtualAmbient(1);
    const last = away();
    const { at, attempt } = calls(ambient, away(), last, away());
    const result = retrying(ambient, new RetryBudget(ambient), { attempts: 2 }, attempt);
    await expect(ambient.runUntil(result)).rejects.toBe(last);
    expect(at).toHaveLength(2);
  });

  test.each(["unauthorized", "not_found", "contract", "unknown_outcome", "internal"] as const)(
    "does not repeat what failed as %s",
    async (kind) => {
      const ambient = new VirtualAmbient(1);
      const failure = new ExecutionFailure(kind, "x");
      const { at, attempt } = calls(ambient, failure);
      const result = retrying(ambient, new RetryBudget(ambient), { attempts: 4 }, attempt);
      await expect(result).rejects.toBe(failure);
      expect(at).toHaveLength(1);
    },
  );

  test("does not repeat a fault of ours", async () => {
    const ambient = new VirtualAmbient(1);
    const fault = new TypeError("x is undefined");
    const { attempt } = calls(ambient, fault);
    await expect(retrying(ambient, new RetryBudget(ambient), { attempts: 4 }, attempt)).rejects.toBe(fault);
  });

  test("Retry-After wins over a shorter backoff", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient, away(20_000));
    await ambient.runUntil(retrying(ambient, new RetryBudget(ambient), { attempts: 2 }, attempt));
    expect(at).toEqual([0, 20_000]);
  });

  test("a Retry-After of more than a minute is told to a caller who waits", async () => {
    const ambient = new VirtualAmbient(1);
    const failure = away(61_000);
    const { attempt } = calls(ambient, failure);
    const start = ambient.now();
    await expect(retrying(ambient, new RetryBudget(ambient), { attempts: 4 }, attempt)).rejects.toBe(failure);
    expect(ambient.now()).toBe(start);
  });

  test("and kept by one who waits for ever", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient, away(3_600_000));
    await ambient.runUntil(retrying(ambient, new RetryBudget(ambient), { attempts: Infinity }, attempt));
    expect(at).toEqual([0, 3_600_000]);
  });

  test("without a limit it goes on, half a minute apart at most, until the signal is aborted", async () => {
    const ambient = new VirtualAmbient(1);
    const controller = new AbortController();
    const at: number[] = [];
    const result = retrying(
      ambient,
      new RetryBudget(ambient),
      { attempts: Infinity, signal: controller.signal },
      async () => {
        at.push(ambient.now());
        throw away();
      },
    );
    const ended = expect(result).rejects.toBe("stop");
    await ambient.advance(3_600_000);
    expect(at.length).toBeGreaterThan(120);
    controller.abort("stop");
    await ended;
    expect(ambient.waiting).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  test("an aborted signal stops it before the first try", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient);
    const options = { attempts: 4, signal: AbortSignal.abort("stop") };
    await expect(retrying(ambient, new RetryBudget(ambient), options, attempt)).rejects.toBe("stop");
    expect(at).toEqual([]);
  });

  test("an abort during a try wins over the try's own failure", async () => {
    const ambient = new VirtualAmbient(1);
    const controller = new AbortController();
    const result = retrying(ambient, new RetryBudget(ambient), { attempts: 4, signal: controller.signal }, async () => {
      controller.abort("stop");
      throw away();
    });
    await expect(result).rejects.toBe("stop");
  });
});

describe("the budget", () => {
  const takeAll = async (ambient: VirtualAmbient, budget: RetryBudget, count: number) => {
    const start = ambient.now();
    const at: number[] = [];
    await ambient.runUntil(
      Promise.all(Array.from({ length: count }, () => budget.take().then(() => at.push(ambient.now() - start)))),
    );
    return at;
  };

  test("gives twenty repeats at once and five a second after that", async () => {
    const ambient = new VirtualAmbient(1);
    const at = await takeAll(ambient, new RetryBudget(ambient), 25);
    expect(at).toEqual([...Array(20).fill(0), 200, 400, 600, 800, 1_000]);
  });

  test("refills while nobody takes, up to twenty", async () => {
    const ambient = new VirtualAmbient(1);
    const budget = new RetryBudget(ambient);
    await takeAll(ambient, budget, 20);
    await ambient.advance(2_000);
    expect(await takeAll(ambient, budget, 11)).toEqual([...Array(10).fill(0), 200]);
    await ambient.advance(3_600_000);
    expect(await takeAll(ambient, budget, 21)).toEqual([...Array(20).fill(0), 200]);
  });

  test("is shared: many sick runs together make a trickle", async () => {
    const ambient = new VirtualAmbient(1);
    const budget = new RetryBudget(ambient);
    const controllers = Array.from({ length: 200 }, () => new AbortController());
    let tries = 0;
    const runs = controllers.map(({ signal }) =>
      retrying(ambient, budget, { attempts: Infinity, signal }, async () => {
        tries += 1;
        throw away();
      }).catch(() => undefined),
    );
    await ambient.advance(60_000);
    for (const controller of controllers) controller.abort("over");
    await Promise.all(runs);
    expect(tries).toBeLessThanOrEqual(200 + 20 + 60 * 5 + 1);
  });

  test("whoever stops waiting gives the token back", async () => {
    const ambient = new VirtualAmbient(1);
    const budget = new RetryBudget(ambient);
    await takeAll(ambient, budget, 20);
    const controllers = Array.from({ length: 100 }, () => new AbortController());
    const waiters = controllers.map(({ signal }) => budget.take(signal).catch((reason) => reason));
    for (const controller of controllers) controller.abort("stop");
    expect(new Set(await Promise.all(waiters))).toEqual(new Set(["stop"]));
    expect(await takeAll(ambient, budget, 1)).toEqual([200]);
  });

  test("a clock that is set back costs nobody anything", async () => {
    let now = 1_000_000;
    const ambient = new VirtualAmbient(1);
    const budget = new RetryBudget({
      now: () => now,
      timer: (...timer) => ambient.timer(...timer),
      soon: (run) => ambient.soon(run),
      random: ambient.random,
      uuid: () => ambient.uuid(),
    });
    await budget.take();
    now -= 500_000;
    for (let taken = 0; taken < 19; taken += 1) await budget.take();
    expect(ambient.waiting).toBe(0);
  });
});

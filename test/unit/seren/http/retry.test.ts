import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { RETRY_LIMITS, type RetryOptions, retrying } from "../../../../src/seren/http/retry.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { TokenBucket } from "../../../../src/support/token-bucket.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const away = (retryAfterMs?: number) =>
  new ExecutionFailure("unavailable", "away", retryAfterMs === undefined ? {} : { details: { retryAfterMs } });

/** Throws `failures` in order, then returns; records the times of the calls. */
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

const retryBudget = (ambient: VirtualAmbient) => new TokenBucket(ambient, RETRY_LIMITS);

const repeat = <T>(
  ambient: VirtualAmbient,
  attempt: () => Promise<T>,
  options: Pick<RetryOptions, "attempts" | "signal">,
) => retrying(attempt, { ambient, budget: retryBudget(ambient), ...options });

describe("retrying", () => {
  test("returns at once when nothing fails", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient);
    expect(await repeat(ambient, attempt, { ...PATIENT, attempts: 4 })).toBe("done");
    expect(at).toEqual([0]);
  });

  test("waits longer after each failure, within the backoff's bounds", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient, away(), away(), away());
    const result = repeat(ambient, attempt, { ...PATIENT, attempts: 4 });
    expect(await ambient.runUntil(result)).toBe("done");
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    for (const [index, ceiling] of [500, 1_000, 2_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(Math.floor(ceiling / 10));
      expect(waits[index]).toBeLessThanOrEqual(ceiling);
    }
  });

  test("rejects with the last failure after the last attempt", async () => {
    const ambient = new VirtualAmbient(1);
    const last = away();
    const { at, attempt } = calls(ambient, away(), last, away());
    const result = repeat(ambient, attempt, { ...PATIENT, attempts: 2 });
    await expect(ambient.runUntil(result)).rejects.toBe(last);
    expect(at).toHaveLength(2);
  });

  test.each(["unauthorized", "not_found", "contract", "unknown_outcome", "internal"] as const)(
    "does not repeat what failed as %s",
    async (kind) => {
      const ambient = new VirtualAmbient(1);
      const failure = new ExecutionFailure(kind, "x");
      const { at, attempt } = calls(ambient, failure);
      const result = repeat(ambient, attempt, { ...PATIENT, attempts: 4 });
      await expect(result).rejects.toBe(failure);
      expect(at).toHaveLength(1);
    },
  );

  test("does not repeat an unexpected error", async () => {
    const ambient = new VirtualAmbient(1);
    const fault = new TypeError("x is undefined");
    const { attempt } = calls(ambient, fault);
    await expect(repeat(ambient, attempt, { ...PATIENT, attempts: 4 })).rejects.toBe(fault);
  });

  test("Retry-After wins over a shorter backoff", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient, away(20_000));
    await ambient.runUntil(repeat(ambient, attempt, { ...PATIENT, attempts: 2 }));
    expect(at).toEqual([0, 20_000]);
  });

  test("a Retry-After of more than a minute is thrown where the attempts are limited", async () => {
    const ambient = new VirtualAmbient(1);
    const failure = away(61_000);
    const { attempt } = calls(ambient, failure);
    const start = ambient.now();
    await expect(repeat(ambient, attempt, { ...PATIENT, attempts: 4 })).rejects.toBe(failure);
    expect(ambient.now()).toBe(start);
  });

  test("a Retry-After of any length is kept where there is no limit of attempts", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient, away(3_600_000));
    await ambient.runUntil(repeat(ambient, attempt, { ...PATIENT, attempts: Infinity }));
    expect(at).toEqual([0, 3_600_000]);
  });

  test("without a limit it goes on, half a minute apart at most, until the signal is aborted", async () => {
    const ambient = new VirtualAmbient(1);
    const controller = new AbortController();
    const at: number[] = [];
    const result = repeat(
      ambient,
      async () => {
        at.push(ambient.now());
        throw away();
      },
      { attempts: Infinity, signal: controller.signal },
    );
    const ended = expect(result).rejects.toBe("stop");
    await ambient.advance(3_600_000);
    expect(at.length).toBeGreaterThan(120);
    controller.abort("stop");
    await ended;
    expect(ambient.waiting).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  test("an aborted signal stops it before the first attempt", async () => {
    const ambient = new VirtualAmbient(1);
    const { at, attempt } = calls(ambient);
    const options = { attempts: 4, signal: AbortSignal.abort("stop") };
    await expect(repeat(ambient, attempt, options)).rejects.toBe("stop");
    expect(at).toEqual([]);
  });

  test("an abort during an attempt wins over the attempt's failure", async () => {
    const ambient = new VirtualAmbient(1);
    const controller = new AbortController();
    const aborted = async () => {
      controller.abort("stop");
      throw away();
    };
    const result = repeat(ambient, aborted, { attempts: 4, signal: controller.signal });
    await expect(result).rejects.toBe("stop");
  });

  test("the budget is shared: many sick runs together make a trickle", async () => {
    const ambient = new VirtualAmbient(1);
    const budget = retryBudget(ambient);
    const controllers = Array.from({ length: 200 }, () => new AbortController());
    let tries = 0;
    const attempt = async () => {
      tries += 1;
      throw away();
    };
    const runs = controllers.map(({ signal }) =>
      retrying(attempt, { ambient, budget, attempts: Infinity, signal }).catch(() => undefined),
    );
    await ambient.advance(60_000);
    for (const controller of controllers) controller.abort("over");
    await Promise.all(runs);
    expect(tries).toBeLessThanOrEqual(200 + 20 + 60 * 5 + 1);
  });
});

import { expect, test } from "vitest";
import { lazy } from "../../../src/support/lazy.ts";

test("makes the value once for concurrent callers", async () => {
  let made = 0;
  const value = lazy(async () => {
    made += 1;
    return { made };
  });
  expect(made).toBe(0);
  const [one, two] = await Promise.all([value(), value()]);
  expect(one).toBe(two);
  expect(await value()).toEqual({ made: 1 });
});

test("a failed attempt rejects for all callers and is repeated", async () => {
  let tries = 0;
  const value = lazy(async () => {
    tries += 1;
    if (tries === 1) throw new Error("not yet");
    return "there";
  });
  const both = await Promise.allSettled([value(), value()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(tries).toBe(1);
  expect(await value()).toBe("there");
});

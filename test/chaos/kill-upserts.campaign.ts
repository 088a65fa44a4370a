/** `dispatch up` killed at every step, and at drawn ones under faults. A failure prints its plan, which has the seed. */
import { expect, test } from "vitest";
import { drawn, every } from "../support/every.ts";
import { drawUpsertPlan, killUpserts, type UpsertPlan } from "./kill-upserts.ts";

const MINUTES = 60_000;
/** More than an upsert has. */
const STEPS = 14;

const everyStep = (isCode: boolean): UpsertPlan[] =>
  (["SIGTERM", "SIGKILL"] as const).flatMap((signal) =>
    (["head", "before", "after"] as const).flatMap((when) =>
      Array.from({ length: STEPS }, (_, step) => ({
        seed: step,
        mode: "job" as const,
        isCode,
        hasEarlier: true,
        deployMs: 150,
        rules: [],
        kills: [{ step, when, signal }],
      })),
    ),
  );

test.each([
  ["an agent", false],
  ["code", true],
] as const)("at every step: %s", { timeout: 10 * MINUTES }, async (_, isCode) => {
  const { killed, problems } = await killUpserts(every(3, everyStep(isCode), Number(isCode)));
  expect(problems).toEqual([]);
  expect(killed).toBeGreaterThan(drawn(13, 40));
});

const PLANS = drawn(20, 60);

test(`${PLANS} drawn plans`, { timeout: 10 * MINUTES }, async () => {
  const plans = Array.from({ length: PLANS }, (_, index) => drawUpsertPlan(31_000 + index));
  const { killed, problems } = await killUpserts(plans);
  expect(problems).toEqual([]);
  expect(killed).toBeGreaterThan(PLANS * 0.6);
});

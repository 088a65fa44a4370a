import { expect, test } from "vitest";
import { settleWithin } from "../../../src/support/settle-within.ts";
import { VirtualAmbient } from "../../support/in-process/virtual-ambient.ts";

test.each([
  ["fulfilled", (ambient: VirtualAmbient) => new Promise<void>((resolve) => void ambient.timer(99, resolve))],
  [
    "rejected",
    (ambient: VirtualAmbient) =>
      new Promise<void>((_, reject) => void ambient.timer(99, () => reject(new Error("refused")))),
  ],
])("work that is %s in time has settled, and leaves no timer", async (_, begin) => {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const settled = settleWithin(ambient, 100, begin(ambient));
  await ambient.advance(99);
  expect(await settled).toBe(true);
  expect(ambient.waiting).toBe(0);
});

test("work that takes longer has not settled, and its later rejection is handled", async () => {
  const ambient = new VirtualAmbient(1, { startMs: 0 });
  const work = new Promise<void>((_, reject) => void ambient.timer(200, () => reject(new Error("refused"))));
  const settled = settleWithin(ambient, 100, work);
  await ambient.advance(100);
  expect(await settled).toBe(false);
  await ambient.advance(1_000); // an unhandled rejection would fail the test run
});

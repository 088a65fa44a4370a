/** Batches that are killed; a failure prints its seed. */
import { expect, test } from "vitest";
import { killBatches } from "./kill-batches.ts";

test("40 processes of batches, killed at random moments, lose nothing and double nothing", {
  timeout: 20 * 60_000,
}, async () => {
  expect((await killBatches(11, 40)).problems).toEqual([]);
});

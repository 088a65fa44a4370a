/** Batches that are killed; a failure prints its seed. */
import { expect, test } from "vitest";
import { drawn } from "../support/every.ts";
import { killBatches } from "./kill-batches.ts";

const PROCESSES = drawn(20, 200);

test(`${PROCESSES} processes of batches, killed at random moments, lose nothing and double nothing`, {
  timeout: 20 * 60_000,
}, async () => {
  expect((await killBatches(11, PROCESSES)).problems).toEqual([]);
});

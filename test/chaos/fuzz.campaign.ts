/** Mutated input of every kind, from fixed seeds. A failure names its seed. */
import { expect, test } from "vitest";
import { fuzzParcels } from "./fuzz-parcels.ts";
import { fuzzService } from "./fuzz-service.ts";
import { fuzzChild, fuzzInMemory, spoilSession } from "./fuzz-stdin.ts";

const MINUTES = 60_000;
const MOST_HEAP_BYTES = 400 * 1024 * 1024;

test.each([
  ["roder", 65_000],
  ["courier", 30_000],
  ["deployment", 30_000],
  ["mcp", 30_000],
  ["acp", 30_000],
] as const)("stdin of %s, %i lines", { timeout: 8 * MINUTES }, async (mode, lines) => {
  const { problems, replies } = await fuzzInMemory(mode, 1, lines);
  expect(problems).toEqual([]);
  expect(replies).toBeGreaterThan(lines * 0.9);
  expect(process.memoryUsage().heapUsed).toBeLessThan(MOST_HEAP_BYTES);
});

test("2000 mutated sessions", { timeout: 4 * MINUTES }, async () => {
  const { problems, replies } = await fuzzInMemory("courier", 2, 2_000, spoilSession);
  expect(problems).toEqual([]);
  expect(replies).toBeGreaterThan(2_000);
});

test.each([
  ["roder", 5_000],
  ["courier", 5_000],
  ["mcp", 5_000],
  ["acp", 5_000],
] as const)("stdin of the built program as %s, %i lines", { timeout: 4 * MINUTES }, async (mode, lines) => {
  const { problems, replies } = await fuzzChild(mode, 3, lines);
  expect(problems).toEqual([]);
  expect(replies).toBeGreaterThan(lines * 0.8);
});

test("800 mutated parcels", { timeout: 4 * MINUTES }, async () => {
  const { problems, accepted, refused } = await fuzzParcels(4, 800);
  expect(problems).toEqual([]);
  expect(accepted).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(300);
});

test("1500 runs on a service that mutates responses and streams", { timeout: 4 * MINUTES }, async () => {
  const { problems, endings } = await fuzzService(5, 1_500);
  expect(problems).toEqual([]);
  expect(endings.completed).toBeGreaterThan(100);
  expect(endings["failure contract"]).toBeGreaterThan(100);
});

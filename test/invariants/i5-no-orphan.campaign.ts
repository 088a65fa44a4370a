/** I5, a killed process: the next start cancels what it left running, and nothing else. */
import { expect, test } from "vitest";
import { killRounds } from "../chaos/kill.ts";

test("30 processes killed at random moments leave no run behind", { timeout: 240_000 }, async () => {
  const { problems, orphans } = await killRounds(5, 30);
  expect(problems).toEqual([]);
  expect(orphans).toBeGreaterThan(10);
});

/** I11, in bulk: mutated requests through the built program, and a service that answers with nonsense. */
import { expect, test } from "vitest";
import { fuzzChild } from "../chaos/fuzz-stdin.ts";
import { hostileHttp } from "../chaos/hostile-http.ts";

test.each(["roder", "courier", "mcp", "acp"] as const)(
  "1000 mutated lines of %s through the built program",
  { timeout: 120_000 },
  async (mode) => {
    const { problems, replies } = await fuzzChild(mode, 11, 1_000);
    expect(problems).toEqual([]);
    expect(replies).toBeGreaterThan(500);
  },
);

test.each([0.15, 0.6])("a service that spoils %d of its answers", { timeout: 180_000 }, async (malice) => {
  expect((await hostileHttp(11, 12, malice)).problems).toEqual([]);
});

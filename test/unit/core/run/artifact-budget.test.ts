import fc from "fast-check";
import { expect, test } from "vitest";
import { ArtifactBudget } from "../../../../src/core/run/artifact-budget.ts";

const AT_ONCE = 4;
const LIMITS = { total: 100, each: 25 };

/** What the order alone decides: each artifact that fits behind those kept before it. `undefined`: it fails. */
function inOrder(sizes: readonly (number | undefined)[]): boolean[] {
  let kept = 0;
  return sizes.map((size) => {
    const fits = size !== undefined && kept + size <= LIMITS.total;
    if (fits) kept += size;
    return fits;
  });
}

test("what is kept does not depend on which artifact is complete first", async () => {
  const sizes = fc.array(fc.option(fc.integer({ min: 0, max: LIMITS.each }), { nil: undefined }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.scheduler(), async (all, scheduler) => {
      const budget = new ArtifactBudget(LIMITS);
      const kept: boolean[] = [];
      let next = 0;
      const work = async () => {
        while (next < all.length) {
          const place = next++;
          const size = await scheduler.schedule(Promise.resolve(all[place]));
          kept[place] = size !== undefined && budget.hasRoom(place, size) && (await budget.decide(place, size));
          if (!kept[place]) budget.drop(place);
        }
      };
      const done = Promise.all(Array.from({ length: AT_ONCE }, work));
      await scheduler.waitFor(done);
      expect(kept).toEqual(inOrder(all));
    }),
  );
});

test("small artifacts do not wait for a slow one", async () => {
  const budget = new ArtifactBudget(LIMITS);
  expect(await budget.decide(1, 10)).toBe(true); // place 0 is open
  expect(await budget.decide(2, 10)).toBe(true);
});

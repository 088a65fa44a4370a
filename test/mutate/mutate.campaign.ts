/** The built program against answers with one odd member each. `npm run mutate` plays any number of trials, or all. */
import { expect, test } from "vitest";
import { campaign } from "./campaign.ts";

const TRIALS = 120;

test(`${TRIALS} answers with one odd member look like the clean ones`, { timeout: 900_000 }, async () => {
  const failures: string[] = [];
  const { passed } = await campaign({
    sample: TRIALS,
    seed: 1,
    jobs: 4,
    onTrial: ({ name, problems }) => {
      for (const problem of problems) failures.push(`${problem} (npm run mutate -- --only '${name}')`);
    },
  });
  expect(failures).toEqual([]);
  expect(passed).toBe(TRIALS);
});

/** The built program against answers with odd members. `npm run mutate` tries any number of them, or all. */
import { expect, test } from "vitest";
import { drawn } from "../support/every.ts";
import { campaign } from "./campaign.ts";

const MEMBERS = drawn(150, 1_000);

test(`answers with ${MEMBERS} odd members, up to ten at a time, look like the clean ones`, {
  timeout: 900_000,
}, async () => {
  const failures: string[] = [];
  const { passed } = await campaign({
    sample: MEMBERS,
    group: 10,
    seed: 1,
    jobs: 4,
    onTrial: ({ name, problems }) => {
      for (const problem of problems) failures.push(`${problem} (npm run mutate -- --only '${name}')`);
    },
  });
  expect(failures).toEqual([]);
  expect(passed).toBe(MEMBERS);
});

import { expect, test } from "vitest";
import { aRun, lived } from "../harness.ts";

const HANGING = aRun({ script: [{ text: "a" }, { hang: true }] });
/** The process dies after the service has made the run, and before it hears of it. */
const CREATED_UNHEARD = { kind: "late_reply", where: "create_run", ms: 60_000 } as const;
const KILLED = { crash: { atMs: 2_000, restartMs: 5_000 } };
const unknown = (times: number) => ({ kind: "status", where: "list", times, status: 404 }) as const;

test.each([1, 2])("a deployment that is unknown to %i looks does not end the search for its run", async (times) => {
  const { problems, truth } = await lived([HANGING], [CREATED_UNHEARD, unknown(times)], KILLED);
  expect(problems).toEqual([]);
  expect(truth?.runs).toMatchObject([{ status: "cancelled" }]);
});

test("a deployment that stays unknown ends the search", async () => {
  const { problems, truth } = await lived([HANGING], [CREATED_UNHEARD, unknown(100)], KILLED);
  expect(truth?.runs).toMatchObject([{ status: "running" }]);
  expect(problems).toEqual([expect.stringMatching(/^I5: a run is left/)]); // as it must: here the service does not tell the truth
});

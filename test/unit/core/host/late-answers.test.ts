/** Questions that are given up and asked again. */
import { expect, test } from "vitest";
import { LateAnswers } from "../../../../src/core/host/late-answers.ts";
import { sleep } from "../../../../src/support/ambient.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

/** Asks a service that needs `takesMs`. Returns what is said, and how often the service was asked. */
function slow(takesMs: number) {
  const ambient = new VirtualAmbient(1);
  const late = new LateAnswers<string>(ambient);
  const asked: string[] = [];
  const ask = (key = "run 0", more?: { until: number; hurried: AbortSignal }) => {
    const answer = late.ask(key, { ms: 2_000, more }, async () => {
      asked.push(key);
      await sleep(ambient, takesMs);
      return `answer ${asked.length}`;
    });
    return ambient.runUntil(answer.catch((error: Error) => error.message));
  };
  return { ambient, ask, asked };
}

const NOT_YET = "Seren Cloud has not answered yet; ask again in a moment";

test("a service that needs longer than the limit is heard in the end, and asked once", async () => {
  const { ask, asked } = slow(5_000);
  expect([await ask(), await ask(), await ask()]).toEqual([NOT_YET, NOT_YET, "answer 1"]);
  expect(asked).toHaveLength(1);
  expect(await ask()).toBe(NOT_YET); // what was fetched is not told twice
  expect(asked).toHaveLength(2);
});

test("an answer that came between two questions is kept for the next, but not for long", async () => {
  const { ambient, ask, asked } = slow(3_000);
  await ask();
  await ambient.advance(10_000);
  expect(await ask()).toBe("answer 1");
  await ask();
  await ambient.advance(40_000);
  expect(await ask()).toBe(NOT_YET);
  expect(asked).toHaveLength(3);
});

test("an answer that does not come for long is not waited for: the question is asked anew", async () => {
  const { ambient, ask, asked } = slow(1_000_000);
  await ask();
  await ambient.advance(10_000);
  await ask();
  expect(asked).toHaveLength(1);
  await ambient.advance(10_000);
  await ask();
  expect(asked).toHaveLength(2);
});

test("another question has another answer", async () => {
  const { ask, asked } = slow(3_000);
  await ask("run 0");
  expect(await ask("run 7")).toBe(NOT_YET);
  expect(asked).toEqual(["run 0", "run 7"]);
});

test("who waits anyway is answered as late as that, unless hurried", async () => {
  const { ambient, ask } = slow(5_000);
  const { signal } = new AbortController();
  expect(await ask("run 0", { until: ambient.now() + 30_000, hurried: signal })).toBe("answer 1");
  expect(await ask("run 1", { until: ambient.now() + 3_000, hurried: signal })).toBe(NOT_YET);
  expect(await ask("run 2", { until: ambient.now() + 30_000, hurried: AbortSignal.abort() })).toBe(NOT_YET);
});

test("what nobody asks for again is forgotten", async () => {
  const { ask, asked } = slow(3_000);
  for (let run = 0; run < 40; run += 1) await ask(`run ${run}`);
  await ask("run 0");
  expect(asked).toHaveLength(41);
});

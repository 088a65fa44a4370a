/** A look at a run whose record cannot be read at once. */
import { expect, test } from "vitest";
import { RunDirectory } from "../../../../src/core/account/run-directory.ts";
import type { FaultRule } from "../../../../src/local/index.ts";
import { Environment } from "../../../sim/environment.ts";
import { aRun, aWorld } from "../harness.ts";

/** Looks at an ended run, in a world where no longer answer than this can be read. */
async function looked(script: object[], largest: number, cursor: number, rules: FaultRule[] = []) {
  const environment = new Environment(aWorld([aRun({ script })], rules, { network: { largest } }));
  await environment.clock.runUntil(environment.setUp());
  const process = environment.process(0);
  process.start();
  await environment.clock.advance(60_000);
  const directory = new RunDirectory(process.client, process.canceller);
  return environment.clock.runUntil(directory.status(process.recorders[0]?.runId ?? "", { cursor }));
}

test.each([0, 3])("the answer is that of the log, from cursor %i as well", async (cursor) => {
  const { outcome } = await looked([{ text: "word ", n: 20 }], 3_000, cursor);
  expect(outcome).toMatchObject({ kind: "completed", text: "word ".repeat(20) });
  expect(outcome).not.toHaveProperty("cut");
});

test("an answer whose log is longer than what one look reads says that it is cut", async () => {
  const { outcome } = await looked([{ text: "word ", n: 2_500 }], 200_000, 0);
  expect(outcome).toMatchObject({ kind: "completed", cut: "log" });
  expect("word ".repeat(2_500).startsWith(outcome?.text ?? "-")).toBe(true);
  expect(outcome?.text.length).toBeGreaterThan(100);
});

test("so does what is known of a run that failed", async () => {
  const script = [{ text: "word ", n: 2_500 }, { fail: "it broke" }];
  const { outcome } = await looked(script, 200_000, 0);
  expect(outcome).toMatchObject({
    kind: "failed",
    cut: "log",
    error: { message: expect.stringContaining("it broke") },
  });
});

test.each([0, 3])(
  "where the record lags behind the log, the answer is that of the log, from cursor %i as well",
  async (cursor) => {
    const lag = { kind: "lag", where: "record", ms: 3_600_000, events_only: true } as const;
    const { outcome } = await looked([{ text: "word ", n: 20 }], 1e9, cursor, [lag]);
    expect(outcome).toMatchObject({ kind: "completed", text: "word ".repeat(20) });
    expect(outcome).not.toHaveProperty("cut");
  },
);

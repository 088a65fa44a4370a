import { expect, test } from "vitest";
import { aRun, lived } from "../harness.ts";

const HANGING = aRun({ script: [{ text: "a" }, { hang: true }], stops: [{ by: "host", phase: "running", ms: 50 }] });

test("a store that does not know the young run yet does not end the cancelling", async () => {
  const behind = { kind: "status", where: "record", times: 3, status: 404 } as const;
  const slow = { kind: "slow_cancel", where: "cancel", times: 2, ms: 2_000 } as const;
  const { problems, recorders } = await lived([HANGING], [behind, slow]);
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "cancelled", stoppedBy: "host" });
});

test("a look that hangs does not hide for long that the run has ended", async () => {
  const hanging = { kind: "hang", where: "record", times: 2 } as const;
  const slow = { kind: "slow_cancel", where: "cancel", ms: 700 } as const;
  const { problems, recorders } = await lived([HANGING], [hanging, slow]);
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "cancelled" });
  expect((recorders[0]?.settledAt ?? 0) - (recorders[0]?.stoppedAt ?? 0)).toBeLessThan(20_000);
});

test("a cancel whose answer is cut, and a look after it that hangs, do not hide for long that the run has ended", async () => {
  const cut = { kind: "lost_reply", where: "cancel", times: 1, answer: "cut" } as const;
  const slow = { kind: "slow_cancel", where: "cancel", times: 3, ms: 2_500 } as const;
  const hanging = { kind: "hang", where: "record", times: 2 } as const;
  const { problems, recorders } = await lived([HANGING], [hanging, slow, cut]);
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "cancelled" });
  expect((recorders[0]?.settledAt ?? 0) - (recorders[0]?.stoppedAt ?? 0)).toBeLessThan(20_000);
});

test("a cancel that keeps failing does not hide that the run has ended by itself", async () => {
  const run = aRun({
    script: [{ text: "a" }, { sleep_ms: 3_000 }, { text: "b" }],
    stops: [{ by: "host", phase: "running", ms: 50 }],
  });
  const refused = { kind: "status", where: "cancel", times: 1_000, status: 503 } as const;
  const { problems, recorders } = await lived([run], [refused]);
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "completed", text: "ab", stoppedBy: "host" });
});

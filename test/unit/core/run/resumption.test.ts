/** Runs that a restart of their runtime interrupts while a host waits for them. */
import { describe, expect, test } from "vitest";
import type { FaultRule } from "../../../../src/local/index.ts";
import { aRun, lived } from "../harness.ts";

const SCRIPT = [
  { text: "before " },
  { tool: "search", result: "1" },
  { interrupt: "the host was replaced" },
  { tool: "write", result: "2" },
  { text: "after" },
];
const WAITS = aRun({ script: SCRIPT });

const TAKEN: [string, FaultRule[]][] = [
  ["at once", []],
  [
    "after the service was away, though the record shows the interruption for a while",
    [
      { kind: "status", where: "resume", status: 503, times: 5 },
      { kind: "lag", where: "record", ms: 5_000 },
      { kind: "lag", where: "state", ms: 5_000 },
    ],
  ],
  ["after the service was away", [{ kind: "status", where: "resume", status: 503, times: 5 }]],
  ["though the answer is lost", [{ kind: "lost_reply", where: "resume", answer: "drop" }]],
  ["though the answer is late", [{ kind: "late_reply", where: "resume", ms: 90_000 }]],
  [
    "though the answer is an error and the record lags",
    [
      { kind: "lost_reply", where: "resume", answer: "unavailable" },
      { kind: "lag", where: "record", ms: 3_000 },
      { kind: "lag", where: "state", ms: 3_000 },
    ],
  ],
  ["though the stream cannot be read", [{ kind: "status", where: "stream", status: 404, times: 1_000 }]],
];

describe("a run that is interrupted", () => {
  test.each(TAKEN)("is resumed %s: one run, one answer, every event once", async (_, rules) => {
    const { problems, recorders, truth } = await lived([WAITS], rules);
    expect(problems).toEqual([]);
    const [recorder] = recorders;
    expect(recorder?.failure).toBeUndefined();
    expect(recorder?.outcome).toMatchObject({ kind: "completed", text: "before after" });
    expect(recorder?.text).toBe("before after");
    expect(recorder?.tools).toHaveLength(4);
    expect(recorder?.details).toContain("interrupted by a restart of its runtime; resuming");
    expect(truth?.runs).toHaveLength(1);
  });

  test("is resumed once: the next interruption is the end, with the command that lets it go on", async () => {
    const { problems, recorders } = await lived([aRun({ script: [...SCRIPT, { interrupt: "again" }] })]);
    expect(problems).toEqual([]);
    expect(recorders[0]?.outcome).toMatchObject({
      kind: "failed",
      text: "before after",
      error: { message: "again", hint: "resume_run", hintRunId: recorders[0]?.runId },
    });
  });

  test.each(["unavailable", "hang"] as const)(
    "and whose record is too large to be read is resumed once, though the answer to that is lost: %s",
    async (answer) => {
      const rules: FaultRule[] = [{ kind: "lost_reply", where: "resume", times: 2, answer }];
      const script = [...SCRIPT, { text: "日本 ", n: 200, every_ms: 0 }, { interrupt: "again" }];
      const { problems, recorders } = await lived([aRun({ script })], rules, { network: { largest: 3_209 } });
      expect(problems).toEqual([]);
      expect(recorders[0]?.outcome).toMatchObject({ kind: "failed", error: { message: "again" } });
    },
  );

  // A record beyond its limit leaves the state, which does not say when the run has ended.
  test("and has completed is over at its deadline, although the resume has no answer and the record cannot be read", async () => {
    const rules: FaultRule[] = [{ kind: "late_reply", where: "resume", ms: 51_000 }];
    const script = [{ interrupt: "the host was replaced" }, { text: "日本 ", n: 15, every_ms: 0 }];
    const { problems, recorders } = await lived([aRun({ script, timeoutMs: 28_000 })], rules, {
      network: { latencyMs: 1, largest: 3_209 },
      service: { deployMs: 5_714, startMs: 0, firstSequence: 0, keepAliveMs: 15_000 },
    });
    expect(problems).toEqual([]);
    expect(recorders[0]?.outcome?.error?.message ?? "").not.toContain("cancel requested");
  });

  test("is seen to be cancelled while the answer to the resume is still on its way", async () => {
    const rules: FaultRule[] = [{ kind: "late_reply", where: "resume", ms: 90_000 }];
    const script = [{ interrupt: "the host was replaced" }, { sleep_ms: 20_000 }, { text: "after" }];
    const { problems, recorders, truth } = await lived([aRun({ script, timeoutMs: 2_000 })], rules);
    expect(problems).toEqual([]);
    const [recorder] = recorders;
    expect(recorder?.outcome).toMatchObject({ kind: "timed_out" });
    expect((recorder?.settledAt ?? 0) - (recorder?.stoppedAt ?? 0)).toBeLessThan(10_000);
    expect(truth?.runs).toMatchObject([{ status: "cancelled" }]);
  });

  test.each([2, 3, 4])("and fails with a code that every object has has its own message: form %i", async (form) => {
    const rules: FaultRule[] = [
      { kind: "odd", where: "stream", frame: "run.event/error", path: "code", oddity: "unknown_word", form },
    ];
    const { recorders } = await lived([aRun({ script: [{ interrupt: "once" }, { interrupt: "again" }] })], rules);
    expect(recorders[0]?.outcome).toMatchObject({ kind: "failed", error: { message: "again" } });
  });

  test("and fails by itself afterwards reports that failure", async () => {
    const { problems, recorders } = await lived([aRun({ script: [...SCRIPT, { fail: "no disk" }] })]);
    expect(problems).toEqual([]);
    expect(recorders[0]?.outcome).toMatchObject({ kind: "failed", error: { message: "no disk" } });
    expect(recorders[0]?.outcome?.error?.hint).toBeUndefined();
  });

  test("and cannot be resumed has ended as its record says", async () => {
    const { problems, recorders } = await lived([WAITS], [{ kind: "status", where: "resume", status: 409, times: 9 }]);
    expect(problems).toEqual([]);
    const [recorder] = recorders;
    expect(recorder?.outcome).toMatchObject({ kind: "failed", error: { message: "the host was replaced" } });
    expect(recorder?.outcome?.error?.hint).toBeUndefined();
  });

  test.each([500, 403])("and whose resumption is refused with %i names the command", async (status) => {
    const { problems, recorders } = await lived([WAITS], [{ kind: "status", where: "resume", status }]);
    expect(problems).toEqual([]);
    const [recorder] = recorders;
    expect(recorder?.outcome).toMatchObject({
      kind: "failed",
      error: { hint: "resume_run", hintRunId: recorder?.runId },
    });
  });

  test("is not resumed by somebody who only follows it", async () => {
    const detached = aRun({
      script: [{ sleep_ms: 1_000 }, ...SCRIPT],
      detach: true,
      stops: [{ by: "person", phase: "queued", ms: 0 }],
    });
    const follows = aRun({ attachTo: 0, atMs: 500 });
    const { problems, recorders, truth } = await lived([detached, follows]);
    expect(problems).toEqual([]);
    expect(recorders[1]?.outcome).toMatchObject({ kind: "failed", error: { hint: "resume_run" } });
    expect(truth?.runs.map(({ status }) => status)).toEqual(["failed"]);
  });

  test("is cancelled whenever the stop comes, and never resumed after it", async () => {
    const script = [...SCRIPT, { hang: true }];
    const slow: FaultRule[] = [
      { kind: "lost_reply", where: "resume", answer: "hang", after: 1 },
      { kind: "status", where: "resume", status: 503, times: 1 },
      { kind: "lag", where: "record", ms: 1_000 },
    ];
    for (let ms = 0; ms < 4_000; ms += 7 + ms / 20) {
      const { problems, stats } = await lived([aRun({ script, stops: [{ by: "host", ms }] })], slow);
      expect(problems, `stopped after ${ms} ms`).toEqual([]);
      expect(stats.runsActive).toEqual([]);
    }
  });

  test("is not left behind when the process dies in the middle", async () => {
    const script = [...SCRIPT, { hang: true }];
    for (let atMs = 1; atMs < 400; atMs += 3) {
      const crash = { atMs, restartMs: 1 };
      const { problems, stats } = await lived([aRun({ script })], [], { crash, network: { latencyMs: 100 } });
      expect(problems, `died after ${atMs} ms`).toEqual([]);
      expect(stats.runsActive).toEqual([]);
    }
  });
});

/** Limits: before a start, while a run goes on, across what is in the ledger; and the words for it. */
import { describe, expect, test } from "vitest";
import { type LimitSettings, reachedAtStart, reachedWhileRunning, refusal } from "../../../../src/core/spend/limits.ts";
import { entriesOf, type SpendLine } from "../../../../src/core/spend/spend-entries.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { aRun, lived } from "../harness.ts";

const NOW = new Date(2026, 10, 28, 12, 0, 0).getTime();
const HOUR = 3_600_000;

function linesOf(
  id: string,
  at: number,
  micros: number | undefined,
  { host = "roder", open = false } = {},
): SpendLine[] {
  return [
    { kind: "start", id, at, host, agent: "general" },
    { kind: "run", id, run: `run-${id}`, deployment: "d" },
    ...(micros === undefined ? [] : [{ kind: "cost" as const, run: `run-${id}`, micros }]),
    ...(open ? [] : [{ kind: "end" as const, run: `run-${id}`, micros }]),
  ];
}
const settings = (general: LimitSettings["general"], hosts: LimitSettings["hosts"] = {}) => ({
  general,
  hosts,
  path: "/c/config.toml",
});
const at = (limits: LimitSettings, lines: SpendLine[], host = "roder", now = NOW) =>
  reachedAtStart(limits, host, entriesOf(lines, now), now);

describe("the ledger", () => {
  test("counts each run once, however often a line is repeated, with its highest cost", () => {
    const lines = [
      ...linesOf("a", NOW, 5),
      { kind: "cost" as const, run: "run-a", micros: 3 },
      ...linesOf("a", NOW, 4),
    ];
    expect(entriesOf(lines, NOW)).toMatchObject([{ id: "a", micros: 5, open: false }]);
  });

  test("adds up the runs of one request, and forgets a start that came to nothing", () => {
    const lines: SpendLine[] = [
      ...linesOf("a", NOW, 5, { open: true }),
      { kind: "run", id: "a", run: "second", deployment: "d" },
      { kind: "end", run: "second", micros: 7 },
      { kind: "start", id: "b", at: NOW, host: "acp", agent: "x" },
      { kind: "none", id: "b" },
    ];
    expect(entriesOf(lines, NOW)).toMatchObject([{ id: "a", micros: 12, open: false }]);
  });

  test("keeps a start of which a run is noted, whoever took it for one that came to nothing, and when", () => {
    const none: SpendLine = { kind: "none", id: "a" };
    const [start, ...rest] = linesOf("a", NOW, 5) as [SpendLine, ...SpendLine[]];
    for (const lines of [
      [start, none, ...rest],
      [start, ...rest, none],
    ])
      expect(entriesOf(lines, NOW)).toMatchObject([{ id: "a", micros: 5, open: false }]);
  });

  test("does not take a run for going on for ever", () => {
    const open = linesOf("a", NOW - 25 * HOUR, 5, { open: true });
    const lost: SpendLine = { kind: "start", id: "b", at: NOW - HOUR, host: "acp", agent: "x" };
    expect(entriesOf([...open, lost], NOW).map((one) => one.open)).toEqual([false, false]);
  });
});

describe("a start", () => {
  test.each([
    ["for all", settings({ runMicros: 0 }), "limits.run_usd", "one run of this machine may cost nothing"],
    [
      "for a host",
      settings({}, { roder: { runMicros: 0 } }),
      "limits.hosts.roder.run_usd",
      "one run of roder may cost nothing",
    ],
  ])("of a run that may cost nothing is refused: %s", (_, limits, key, why) => {
    expect(at(limits, [])).toEqual({ key, why });
  });

  test.each<[string, LimitSettings, SpendLine[], string | undefined]>([
    ["below the day", settings({ dayMicros: 10 }), linesOf("a", NOW, 9), undefined],
    ["at the day", settings({ dayMicros: 10 }), linesOf("a", NOW, 10), "limits.day_usd"],
    ["of yesterday's cost", settings({ dayMicros: 10 }), linesOf("a", NOW - 13 * HOUR, 10), undefined],
    ["of a run that goes on", settings({ dayMicros: 10 }), linesOf("a", NOW, 10, { open: true }), "limits.day_usd"],
    ["below the hour", settings({ runsPerHour: 2 }), linesOf("a", NOW, 1), undefined],
    ["at the hour", settings({ runsPerHour: 1 }), linesOf("a", NOW - HOUR + 1, 1), "limits.runs_per_hour"],
    ["after the hour", settings({ runsPerHour: 1 }), linesOf("a", NOW - HOUR, 1), undefined],
    ["with one going on", settings({ activeRuns: 1 }), linesOf("a", NOW, 1, { open: true }), "limits.active_runs"],
    ["when that has ended", settings({ activeRuns: 1 }), linesOf("a", NOW, 1), undefined],
    ["where nothing may", settings({ activeRuns: 0 }), [], "limits.active_runs"],
    [
      "of a host of its own",
      settings({}, { roder: { dayMicros: 1 } }),
      linesOf("a", NOW, 1),
      "limits.hosts.roder.day_usd",
    ],
    ["of another host", settings({}, { roder: { dayMicros: 1 } }), linesOf("a", NOW, 1, { host: "acp" }), undefined],
    [
      "besides the general",
      settings({ dayMicros: 1 }, { roder: { dayMicros: 9 } }),
      linesOf("a", NOW, 1),
      "limits.day_usd",
    ],
    ["of no such host", settings({}, { constructor: { activeRuns: 0 } }), [], undefined],
  ])("%s", (_, limits, lines, key) => {
    expect(at(limits, lines)?.key).toBe(key);
  });

  test("is refused in words that a model understands as final, and a person can act on", () => {
    const reached = at(settings({ dayMicros: 5_000_000 }), linesOf("a", NOW, 5_110_000));
    const failure = refusal(reached ?? { key: "", why: "" }, "/c/config.toml");
    expect(failure.message).toBe(
      "no run was started: runs of this machine may cost $5.00 a day, and those of today have cost $5.11. This is final: do not try again, and do not look for another way. Only a person may raise limits.day_usd, in /c/config.toml",
    );
    expect(failure.retryable).toBe(false);
    expect(failure.message).not.toMatch(/rate.?limit|timed? ?out|429/i);
  });
});

test("a run that goes on is held to the limits of one run and of the day", () => {
  const entries = entriesOf(linesOf("a", NOW, 8, { open: true }), NOW);
  expect(reachedWhileRunning(settings({ runMicros: 9 }), "roder", 8, entries, NOW)).toBeUndefined();
  expect(reachedWhileRunning(settings({ runMicros: 8 }), "roder", 8, entries, NOW)).toEqual({
    key: "limits.run_usd",
    limit: 8,
    total: 8,
  });
  expect(reachedWhileRunning(settings({ dayMicros: 8 }), "acp", 1, entries, NOW)?.key).toBe("limits.day_usd");
});

const EXPENSIVE = { usage: { inference_usd: "1.25", compute_usd: "0" } };

describe("the core", () => {
  test("cancels a run at its limit, and the outcome says so, with what was overshot", async () => {
    const { recorders, truth, problems } = await lived([aRun({ script: [EXPENSIVE, { hang: true }] })], [], {
      limits: { runMicros: 1_000_000 },
    });
    expect(problems).toEqual([]);
    expect(truth?.runs).toMatchObject([{ status: "cancelled" }]);
    expect(recorders[0]?.outcome).toMatchObject({
      kind: "failed",
      stoppedBy: "limit",
      error: {
        code: "spending_limit",
        message:
          "cancelled at limits.run_usd, which is $1.00: the run has cost $1.25, $0.25 over it. Only a person may raise it",
      },
    });
  });

  test("says of a run that ended before that by how much it was over", async () => {
    const { recorders } = await lived([aRun({ script: [EXPENSIVE, { text: "done" }] })], [], {
      limits: { runMicros: 1_000_000 },
    });
    expect(recorders[0]?.outcome).toMatchObject({ kind: "completed", text: "done" });
    expect(recorders[0]?.notices).toEqual([
      "the run has cost $1.25, $0.25 over the limit of one run, before that could be seen",
    ]);
  });

  test("refuses the next start of the day, and starts nothing for it", async () => {
    const { recorders, truth } = await lived([aRun({ script: [EXPENSIVE] }), aRun({ atMs: 60_000 })], [], {
      limits: { dayMicros: 1_000_000 },
    });
    expect(truth?.runs).toHaveLength(1);
    expect(recorders[1]?.failure).toBeInstanceOf(ExecutionFailure);
    expect(recorders[1]?.failure).toMatchObject({
      kind: "payment_required",
      message: expect.stringContaining("This is final"),
    });
  });

  test("stops one run when others have used up the day", async () => {
    const long = aRun({ script: [{ usage: { inference_usd: "0.50", compute_usd: "0" } }, { sleep_ms: 300_000 }] });
    const { recorders } = await lived([long, { ...long, atMs: 1_000 }], [], { limits: { dayMicros: 900_000 } });
    expect(recorders.map(({ outcome }) => outcome?.stoppedBy)).toContain("limit");
    expect(recorders.find(({ outcome }) => outcome?.stoppedBy)?.outcome?.error?.message).toContain(
      "runs of today have cost $1.00, $0.10 over it",
    );
  });

  test("lets a detached run be, and learns of its end before it refuses for it", async () => {
    const { recorders, problems } = await lived(
      [
        aRun({ detach: true, stops: [{ phase: "queued", ms: 0, by: "person" }], script: [{ sleep_ms: 1_000 }] }),
        aRun({ atMs: 60_000 }),
      ],
      [],
      { limits: { activeRuns: 1 } },
    );
    expect(problems).toEqual([]);
    expect(recorders[1]?.outcome?.kind).toBe("completed");
  });
});

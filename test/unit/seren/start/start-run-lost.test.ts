import { describe, expect, test } from "vitest";
import { lost } from "../../../support/in-process/fake-transport.ts";
import {
  AWAITING,
  BUSY,
  CreateService,
  type Fate,
  GOOD,
  idOf,
  NEVER_SENT,
  refused,
  STILL_STARTING,
} from "./create-service.ts";

const FIRST = { kind: "tracked", runId: idOf(1), executionId: "exec-1" };
/** A call before the one that named the run may have started another. */
const UNCERTAIN = { ...FIRST, uncertain: true };

/** Answers after which the run may or may not exist. */
const LOST: [string, Fate["answer"]][] = [
  ["500", { status: 500, body: { message: "oops" } }],
  ["502 with a page", { status: 502, body: "<html>Bad Gateway</html>" }],
  ["503", { status: 503 }],
  ["503 with Retry-After", { status: 503, headers: { "retry-after": "4" } }],
  [
    "503 that says it is starting",
    { status: 503, body: { error: "starting", message: "deployment is still starting" } },
  ],
  ["500 that says it is busy", { status: 500, body: { error: "conversation_busy" } }],
  ["408", { status: 408 }],
  ["520", { status: 520 }],
  ["a reset", lost()],
];
/** Answers after which the service has the call, or may still be working on it. */
const TAKEN: [string, Fate["answer"]][] = [
  ["504", { status: 504 }],
  ["no answer within a minute", { afterMs: Number.POSITIVE_INFINITY }],
  ["an answer cut after its head", lost({ status: 202 })],
  ["202 without a name", { status: 202, body: { data: { status: "queued" } } }],
  ["200 without a name, not finished", { body: { data: { status: "running" } } }],
  ["202 without a name, finished", { status: 202, body: { data: { status: "completed", result: "x" } } }],
  ["200 with a page", { body: "<html>ok</html>" }],
  ["204", { status: 204, body: "" }],
  ["JSON cut in the middle", { status: 202, body: '{"data":{"status":"queued","run_id":"6f0e' }],
];

describe.each([...LOST, ...TAKEN])("the answer is lost (%s)", (_, answer) => {
  test.each([0, 500, 3_000, 5_900])(
    "and the run exists, listed %i ms later: it is found, and not started twice",
    async (lagMs) => {
      const service = new CreateService({ makes: true, answer });
      service.lagMs = lagMs;
      expect(await service.outcome()).toEqual(FIRST);
      expect(service.calls).toEqual([0]);
      expect(service.runs).toHaveLength(1);
      expect(service.harness.ambient.waiting).toBe(0);
    },
  );

  test("and the list is down for an hour: the lookup continues, less and less often", async () => {
    const service = new CreateService({ makes: true, answer });
    service.list = () => (service.now < 3_600_000 ? { status: 503 } : undefined);
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.calls).toEqual([0]);
    expect(service.looks.length).toBeLessThan(800);
  });

  test.each([401, 403, 404, 500.5])("and the list is refused with %d: the outcome is unknown", async (status) => {
    const service = new CreateService({ makes: true, answer });
    service.list = () => (status === 500.5 ? { body: "<html>" } : { status });
    expect(await service.outcome()).toMatchObject({ kind: "unknown_outcome" });
    expect(service.calls).toEqual([0]);
  });
});

describe.each(LOST)("the answer is lost (%s) and no run exists", (_, answer) => {
  test("it is looked up for at least five seconds, then the call is repeated", async () => {
    const service = new CreateService({ answer }, GOOD);
    expect(await service.outcome()).toEqual(UNCERTAIN);
    expect(service.calls).toHaveLength(2);
    expect(service.calls[1]).toBeGreaterThanOrEqual(5_000);
    expect(service.runs).toHaveLength(1);
  });

  test("three times: the outcome is unknown", async () => {
    const service = new CreateService({ answer });
    expect(await service.outcome()).toMatchObject({
      kind: "unknown_outcome",
      message: expect.stringContaining("the run could not be found"),
      details: { hint: "list_runs" },
    });
    expect(service.calls).toHaveLength(3);
  });
});

describe.each(TAKEN)("the call was taken (%s) and no run appears", (_, answer) => {
  test("it is looked up for half a minute, and the call is not repeated", async () => {
    const service = new CreateService({ answer }, GOOD);
    expect(await service.outcome()).toMatchObject({ kind: "unknown_outcome" });
    expect(service.calls).toEqual([0]);
    expect((service.looks.at(-1) ?? 0) - (service.looks[0] ?? 0)).toBeGreaterThanOrEqual(30_000);
    expect(service.runs).toEqual([]);
  });

  test("at first: a run that starts later is found", async () => {
    const service = new CreateService({ makes: true, lateMs: 80_000, answer: { afterMs: Number.POSITIVE_INFINITY } });
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.calls).toEqual([0]);
  });
});

describe("the call was taken, and the answer names something that is no id of the service", () => {
  const answer = { status: 202, body: { data: { status: "queued", run_id: "run-17" } } };

  test("the run is found by its marker", async () => {
    const service = new CreateService({ makes: true, answer });
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.calls).toEqual([0]);
  });

  test("the name serves where the list does not show the run within half a minute", async () => {
    const service = new CreateService({ answer }, GOOD);
    expect(await service.outcome()).toEqual({ kind: "tracked", runId: "run-17" });
    expect(service.calls).toEqual([0]);
  });
});

test("Retry-After after a lost answer is waited for before the call is repeated", async () => {
  const service = new CreateService({ answer: { status: 503, headers: { "retry-after": "40" } } }, GOOD);
  expect(await service.outcome()).toEqual(UNCERTAIN);
  expect(service.calls[1]).toBeGreaterThanOrEqual(40_000);
});

test("a Retry-After of more than a minute after a lost answer is not waited for", async () => {
  const service = new CreateService({ answer: { status: 503, headers: { "retry-after": "3600" } } });
  expect(await service.outcome()).toMatchObject({ kind: "unknown_outcome" });
  expect(service.now).toBeLessThan(10_000);
});

describe("after a lost answer, no later answer counts before a lookup", () => {
  /** The run of the first call is listed only after ten seconds: too late for the first look. */
  const lagging = (...later: Fate[]) => {
    const service = new CreateService({ makes: true, answer: lost() }, ...later);
    service.lagMs = 10_000;
    return service;
  };

  test.each([
    ["the conversation is busy: with our own run", BUSY],
    ["an earlier run waits for a person: ours", AWAITING],
    ["a conflict", refused(409, { message: "duplicate" })],
    ["payment is asked for", refused(402)],
    ["the deployment is still starting", STILL_STARTING],
    ["a rate limit", refused(429, "", { "retry-after": "2" })],
    ["a rate limit too long to wait", refused(429, "", { "retry-after": "600" })],
    ["the next call never left", NEVER_SENT],
    ["the next answer is lost too", { answer: lost() } satisfies Fate],
  ])("%s", async (_, later) => {
    const service = lagging(later);
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.runs).toHaveLength(1);
  });
});

describe("two runs of one request, because the list lagged too long", () => {
  /** The first run is listed after eight seconds; from six to twenty the list is down. */
  const doubled = () => {
    const service = new CreateService({ makes: true, answer: lost() });
    service.lagMs = 8_000;
    service.list = () => (service.now > 6_100 && service.now < 20_000 ? { status: 503 } : undefined);
    return service;
  };

  test("the older is followed, the younger is cancelled", async () => {
    const service = doubled();
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.runs.map(({ cancelled }) => cancelled)).toEqual([false, true]);
  });

  test("one that has ended is not cancelled", async () => {
    const service = doubled();
    service.harness.ambient.timer(10_000, () => {
      for (const run of service.runs.slice(1)) run.status = "completed";
    });
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.harness.transport.to("POST /runs/*/cancel")).toEqual([]);
  });

  test.each([[404], [409]])("a cancel answered with %i has nothing left to cancel", async (status) => {
    const service = doubled();
    service.harness.transport.on("POST /runs/*/cancel", () => ({ status }));
    expect(await service.outcome()).toEqual(FIRST);
  });

  test("a cancel that is refused rejects", async () => {
    const service = doubled();
    service.harness.transport.on("POST /runs/*/cancel", () => ({ status: 403 }));
    expect(await service.outcome()).toMatchObject({ kind: "unknown_outcome" });
  });
});

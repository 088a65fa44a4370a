import { describe, expect, test } from "vitest";
import { inlineText } from "../../../../src/seren/start/start-run.ts";
import { RUN } from "../follow/rows.ts";
import {
  AWAITING,
  BUSY,
  CreateService,
  GOOD,
  idOf,
  MARKER,
  NEVER_SENT,
  refused,
  STILL_STARTING,
} from "./create-service.ts";

const FIRST = { kind: "tracked", runId: idOf(1), executionId: "exec-1" };

describe("the service answers", () => {
  test("with a run: it is followed, and nothing is looked up", async () => {
    const service = new CreateService(GOOD);
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.calls).toEqual([0]);
    expect(service.looks).toEqual([]);
    expect(service.runs[0]?.body).toEqual({
      async: true,
      client_request_id: MARKER,
      conversation_id: "talk-1",
      message: "hello",
    });
  });

  test("with `id` in place of `run_id`", async () => {
    const service = new CreateService({ answer: { status: 202, body: { data: { status: "queued", id: RUN } } } });
    expect(await service.outcome()).toEqual({ kind: "tracked", runId: RUN });
  });

  test.each(["completed", "failed", "error", "cancelled", "timeout", "blocked"])(
    "with a run that is %s and has no name: it was finished inline",
    async (status) => {
      const service = new CreateService({ answer: { body: { data: { status, result: { text: "done" } } } } });
      expect(await service.outcome()).toEqual({ kind: "inline", status, text: "done" });
      expect(service.looks).toEqual([]);
    },
  );

  test("with a run that is finished and has a name: it is followed", async () => {
    const service = new CreateService({
      answer: { body: { data: { status: "completed", run_id: RUN, result: "x" } } },
    });
    expect(await service.outcome()).toEqual({ kind: "tracked", runId: RUN });
  });
});

test.each([
  ["text", "text"],
  [{ text: "a", content: "b" }, "a"],
  [{ text: 5, content: "b" }, "b"],
  [{ message: "c", output: "d" }, "c"],
  [{ output: "d" }, "d"],
  [{ other: "e" }, ""],
  [["f"], ""],
  [null, ""],
  [undefined, ""],
  [7, ""],
])("the text of an inline result %j is %j", (result, expected) => {
  expect(inlineText(result)).toBe(expected);
});

describe("a refusal", () => {
  test.each([
    [400, "invalid_input"],
    [401, "unauthorized"],
    [402, "payment_required"],
    [403, "forbidden"],
    [404, "not_found"],
    [405, "contract"],
    [409, "conflict"],
    [410, "contract"],
    [413, "contract"],
    [307, "contract"],
    [422, "invalid_input"],
    [501, "unsupported"],
  ])("with %i rejects at once: no run was started, nothing is repeated or looked up", async (status, kind) => {
    const service = new CreateService(refused(status, { error: "starting", message: "no" }));
    expect(await service.outcome()).toMatchObject({ kind, details: { status } });
    expect(service.calls).toEqual([0]);
    expect(service.looks).toEqual([]);
    expect(service.now).toBe(0);
  });

  test("because of an earlier run that waits for an approval rejects at once", async () => {
    const service = new CreateService(AWAITING);
    expect(await service.outcome()).toMatchObject({
      kind: "conflict",
      details: { code: "conversation_awaiting_approval" },
    });
    expect(service.calls).toEqual([0]);
  });
});

describe("a deployment that is still starting", () => {
  test("is asked again every two seconds, without a lookup", async () => {
    const service = new CreateService(STILL_STARTING, STILL_STARTING, STILL_STARTING, GOOD);
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.calls).toEqual([0, 2_000, 4_000, 6_000]);
    expect(service.looks).toEqual([]);
  });

  test("after two minutes is given up", async () => {
    const service = new CreateService(STILL_STARTING);
    expect(await service.outcome()).toMatchObject({
      kind: "unavailable",
      message: "the deployment was still starting after two minutes; try again",
    });
    expect(service.calls).toHaveLength(61);
    expect(service.now).toBe(120_000);
    expect(service.runs).toEqual([]);
  });

  test("that becomes another refusal ends with it", async () => {
    const service = new CreateService(STILL_STARTING, refused(400, "Deployment is not ready; restart it"));
    expect(await service.outcome()).toMatchObject({ kind: "invalid_input" });
    expect(service.calls).toEqual([0, 2_000]);
  });
});

describe("a conversation that is busy", () => {
  const LOST = refused(500);

  test("is the caller's to wait for: nothing was started", async () => {
    const service = new CreateService(BUSY, GOOD);
    expect(await service.outcome()).toMatchObject({ kind: "conflict", details: { code: "conversation_busy" } });
    expect(service.calls).toEqual([0]);
    expect(service.looks).toEqual([]);
  });

  test("after a lost answer is waited for here, longer each time: it may be busy with the run of that call", async () => {
    const service = new CreateService(LOST, ...Array(12).fill(BUSY), GOOD);
    expect(await service.outcome()).toEqual({ ...FIRST, uncertain: true });
    expect(service.calls).toHaveLength(14);
    expect(service.looks.length).toBeGreaterThan(12);
  });

  test("after a lost answer is waited for until the caller stops", async () => {
    const service = new CreateService(LOST, BUSY);
    const outcome = service.start().catch((reason: unknown) => reason);
    await service.harness.ambient.advance(3_600_000);
    service.controller.abort("stop");
    expect(await service.harness.ambient.runUntil(outcome)).toBe("stop");
    expect(service.calls.length).toBeGreaterThan(100);
  });
});

describe("a rate limit", () => {
  test("is waited out exactly", async () => {
    const service = new CreateService(refused(429, "", { "retry-after": "50" }), GOOD);
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.calls).toEqual([0, 50_000]);
  });

  test("without a figure is waited out, five calls in all", async () => {
    const service = new CreateService(refused(429));
    expect(await service.outcome()).toMatchObject({ kind: "rate_limited" });
    expect(service.calls).toHaveLength(5);
  });

  test("of more than a minute rejects", async () => {
    const service = new CreateService(refused(429, "", { "retry-after": "61" }));
    expect(await service.outcome()).toMatchObject({ kind: "rate_limited", details: { retryAfterMs: 61_000 } });
    expect(service.calls).toEqual([0]);
  });

  test("causes no lookup", async () => {
    const service = new CreateService(refused(429), refused(429), GOOD);
    await service.outcome();
    expect(service.looks).toEqual([]);
  });
});

describe("a call that never left", () => {
  test("is repeated without a lookup", async () => {
    const service = new CreateService(NEVER_SENT, NEVER_SENT, NEVER_SENT, NEVER_SENT, GOOD);
    expect(await service.outcome()).toEqual(FIRST);
    expect(service.calls).toHaveLength(5);
    expect(service.looks).toEqual([]);
  });

  test("five times rejects with the failure", async () => {
    const service = new CreateService(NEVER_SENT);
    expect(await service.outcome()).toMatchObject({ kind: "unavailable", details: { neverSent: true } });
    expect(service.calls).toHaveLength(5);
    expect(service.looks).toEqual([]);
    expect(service.now).toBeLessThan(20_000);
  });
});

test("repeats of many runs share one budget", async () => {
  const service = new CreateService(NEVER_SENT);
  const many = Array.from({ length: 60 }, () => service.start({}, new AbortController().signal).catch(() => undefined));
  await service.harness.ambient.runUntil(Promise.all(many));
  const repeats = service.calls.length - 60;
  expect(repeats).toBe(240);
  expect(service.now).toBeGreaterThanOrEqual(((240 - 20) / 5) * 1_000);
});

test("an unexpected error rejects", async () => {
  const fault = new TypeError("x");
  const service = new CreateService(GOOD);
  service.harness.transport.on("POST /deployments/*/runs", () => {
    throw fault;
  });
  await expect(service.start()).rejects.toBe(fault);
});

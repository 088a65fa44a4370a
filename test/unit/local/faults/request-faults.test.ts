/** Faults of requests and responses, and fault plans. */
import { describe, expect, test } from "vitest";
import { type FaultPlan, FaultPlanSchema, randomFaultPlan } from "../../../../src/local/index.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

const plan = (...rules: FaultPlan["rules"]): FaultPlan => ({ rules });

test("rules count the requests they match", async () => {
  const calls = new Calls({ faults: plan({ kind: "status", where: "record", status: 500, after: 1, times: 2 }) });
  const run = await calls.start(await calls.deploy(), [{ hang: true }]);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i += 1) statuses.push((await calls.get(`/runs/${run}`)).status);
  expect(statuses).toEqual([200, 500, 500, 200, 200]);
  expect((await calls.get(`/runs/${run}/state`)).status).toBe(200);
});

test.each([
  [{ status: 429, retry_after: 7 }, { error: "TooManyRequests", message: "The service answered 429" }, "7"],
  [{ status: 429, retry_after: "Thu, 01 Jan 2026 00:00:09 GMT" }, expect.anything(), "Thu, 01 Jan 2026 00:00:09 GMT"],
  [{ status: 503, message: "later" }, { error: "ServiceUnavailable", message: "later" }, undefined],
  [{ status: 502, body: "html" }, expect.stringContaining("<h1>502 Error</h1>"), undefined],
  [{ status: 500, body: "text", message: "boom" }, "boom", undefined],
  [{ status: 500, body: "empty" }, "", undefined],
  [{ status: 500, body: "garbage" }, '{"error":"InternalServerError","mess', undefined],
  [{ status: 402, body: { x402Version: 2, accepts: [] } }, { x402Version: 2, accepts: [] }, undefined],
] as const)("a refusal: %j", async (rule, body, retryAfter) => {
  const calls = new Calls({
    faults: { rules: [FaultPlanSchema.shape.rules.element.parse({ kind: "status", where: "any", ...rule })] },
  });
  const answer = await calls.get("/deployments");
  expect(answer).toMatchObject({ status: rule.status, body });
  expect(answer.headers["retry-after"]).toBe(retryAfter);
  expect((await calls.get("/deployments")).status).toBe(200);
});

test("a missing key is refused before faults apply", async () => {
  const calls = new Calls({ faults: plan({ kind: "drop", where: "any" }) });
  expect((await calls.send("GET", "/deployments", undefined, { authorization: "" })).status).toBe(401);
  await expect(calls.get("/deployments")).rejects.toThrow("dropped");
});

test("late responses, and responses that never come", async () => {
  const calls = new Calls({
    faults: plan(
      { kind: "delay", where: "deployments", ms: 3000 },
      { kind: "late_reply", where: "deploy", ms: 500 },
      { kind: "hang", where: "inbox" },
    ),
  });
  const start = calls.ambient.now();
  await calls.get("/deployments");
  expect(calls.ambient.now() - start).toBe(3000);
  await calls.deploy();
  expect(calls.ambient.now() - start).toBe(3500);
  const caller = new AbortController();
  const asked = calls.raw("GET", "/inbox/approvals", { signal: caller.signal });
  await calls.ambient.advance(3_600_000);
  caller.abort();
  expect(await asked).toEqual({ drop: true });
});

describe("a run exists after its create response was lost", () => {
  test.each([
    [{ answer: "drop" }, "the connection was dropped"],
    [{ answer: "unavailable", retry_after: 2 }, 503],
    [{ answer: "html" }, 502],
    [{ answer: "cut" }, 202],
  ] as const)("%j", async (how, seen) => {
    const calls = new Calls({ faults: plan({ kind: "lost_reply", where: "create_run", ...how }) });
    const id = await calls.deploy();
    const asked = calls.post(`/deployments/${id}/runs`, { message: "x", client_request_id: "mine" });
    if (typeof seen === "string") await expect(asked).rejects.toThrow(seen);
    else {
      const answer = await asked;
      expect(answer.status).toBe(seen);
      expect(answer.headers["retry-after"]).toBe(how.answer === "unavailable" ? "2" : undefined);
      if (how.answer === "cut") expect(answer.body).toMatch(/^\{"data":\{"status":"queued"/);
    }
    const { data } = (await calls.get(`/deployments/${id}/runs`)).body;
    expect(data.map((run: { invocation_payload: object }) => run.invocation_payload)).toEqual([
      { message: "x", client_request_id: "mine" },
    ]);
    expect(calls.cloud.stats()).toMatchObject({ createsReceived: 1, runsStarted: 1 });
  });
});

test("no run exists after a refused create", async () => {
  const calls = new Calls({ faults: plan({ kind: "status", where: "create_run", status: 503 }) });
  expect((await calls.post(`/deployments/${await calls.deploy()}/runs`, {})).status).toBe(503);
  expect(calls.cloud.stats()).toMatchObject({ createsReceived: 1, runsStarted: 0 });
});

test("a slow start refuses runs until it is over", async () => {
  const calls = new Calls({ faults: plan({ kind: "starting", where: "create_run", ms: 5000 }) });
  const id = await calls.deploy();
  for (const status of [400, 400]) {
    const answer = await calls.post(`/deployments/${id}/runs`, {});
    expect(answer).toMatchObject({ status, body: { message: expect.stringMatching(/deployment is still starting/i) } });
  }
  await calls.ambient.advance(5000);
  expect((await calls.post(`/deployments/${id}/runs`, {})).status).toBe(202);
});

test("a build can fail", async () => {
  const calls = new Calls({
    deployMs: 100,
    faults: plan({ kind: "fail_build", where: "deploy", message: "no image" }),
  });
  const id = await calls.deploy();
  await calls.ambient.advance(100);
  expect((await calls.get(`/deployments/${id}`)).body.data).toMatchObject({
    status: "failed",
    error_message: "no image",
  });
  expect((await calls.post(`/deployments/${id}/runs`, {})).status).toBe(400);
  expect((await calls.get(`/deployments/${await calls.deploy()}`)).body.data.status).toBe("pending");
});

test.each(["object", "string"] as const)("a gateway wraps the response as %s", async (form) => {
  const calls = new Calls({ faults: plan({ kind: "wrap", where: "deployments", form }) });
  const { data } = (await calls.get("/deployments")).body;
  expect(data.status).toBe(200);
  expect(form === "string" ? JSON.parse(data.body) : data.body).toEqual({ data: [] });
});

describe("reads that lag behind", () => {
  test("a run is missing at first, then not yet over", async () => {
    const calls = new Calls({
      faults: plan(
        { kind: "lag", where: "record", ms: 1000 },
        { kind: "lag", where: "list", ms: 2000 },
        { kind: "lag", where: "events", ms: 1000 },
      ),
    });
    const run = await calls.start(await calls.deploy(), [{ text: "a" }, { sleep_ms: 500 }, { text: "b" }]);
    await calls.ambient.advance(600);
    const lookUp = async () => {
      const record = await calls.get(`/runs/${run}`);
      const list = (await calls.get("/runs")).body.data;
      const events = (await calls.get(`/runs/${run}/events`)).body.data.length;
      return [record.status, record.body.data?.status, record.body.data?.output_events.length, list.length, events];
    };
    expect(await lookUp()).toEqual([404, undefined, undefined, 0, 0]);
    expect((await calls.get(`/runs/${run}/state`)).body.data.status).toBe("completed");
    await calls.ambient.advance(500);
    expect(await lookUp()).toEqual([200, "running", 1, 0, 1]);
    await calls.ambient.advance(500);
    expect(await lookUp()).toEqual([200, "completed", 3, 0, 3]);
    await calls.ambient.advance(600);
    expect(await lookUp()).toEqual([200, "completed", 3, 1, 3]);
  });

  test("a deployment is missing from the list at first, then not yet running", async () => {
    const calls = new Calls({ deployMs: 500, faults: plan({ kind: "lag", where: "deployments", ms: 2000 }) });
    const id = await calls.deploy();
    const listed = async () =>
      (await calls.get("/deployments")).body.data.map(({ status }: { status: string }) => status);
    expect(await listed()).toEqual([]);
    expect((await calls.get(`/deployments/${id}`)).body.data.status).toBe("pending");
    await calls.ambient.advance(1999);
    expect(await listed()).toEqual([]);
    await calls.ambient.advance(1);
    expect(await listed()).toEqual(["pending"]);
    await calls.ambient.advance(500);
    expect(await listed()).toEqual(["running"]);
  });

  test("a record can be over before its events are complete", async () => {
    const calls = new Calls({ faults: plan({ kind: "lag", where: "record", ms: 1000, events_only: true }) });
    const run = await calls.start(await calls.deploy(), [{ text: "a" }, { sleep_ms: 500 }, { text: "b" }]);
    await calls.ambient.advance(1200);
    expect(await calls.record(run)).toMatchObject({ status: "completed", output: "a" });
    await calls.ambient.advance(300);
    expect(await calls.record(run)).toMatchObject({ status: "completed", output: "ab" });
  });
});

describe("cancels", () => {
  async function cancelling(...rules: FaultPlan["rules"]) {
    const calls = new Calls({ faults: { rules } });
    const run = await calls.start(await calls.deploy(), [{ text: "a" }, { hang: true }]);
    await calls.ambient.advanceUntilIdle();
    return { calls, run, cancel: () => calls.post(`/runs/${run}/cancel`) };
  }

  test("that fail", async () => {
    const { calls, run, cancel } = await cancelling({ kind: "status", where: "cancel", status: 500, times: 2 });
    expect([(await cancel()).status, (await cancel()).status]).toEqual([500, 500]);
    expect((await calls.record(run)).status).toBe("running");
    expect((await cancel()).body.data.status).toBe("cancelled");
    expect(calls.cloud.stats().cancelsReceived).toBe(3);
  });

  test("that take effect later", async () => {
    const { calls, run, cancel } = await cancelling({ kind: "slow_cancel", where: "cancel", ms: 2000 });
    expect((await cancel()).body.data.status).toBe("running");
    await calls.ambient.advance(1999);
    expect((await calls.record(run)).status).toBe("running");
    await calls.ambient.advance(1);
    expect((await calls.record(run)).status).toBe("cancelled");
  });

  test("that come after completion", async () => {
    const { calls, run, cancel } = await cancelling({ kind: "late_cancel", where: "cancel" });
    expect((await cancel()).body.data).toMatchObject({ status: "completed", output: "a" });
    expect((await calls.record(run)).status).toBe("completed");
  });
});

describe("plans", () => {
  test.each([
    [{ rules: [{ kind: "explode", where: "any" }] }],
    [{ rules: [{ kind: "drop", where: "nowhere" }] }],
    [{ rules: [{ kind: "drop", where: "any", surprise: 1 }] }],
    [{ rules: [{ kind: "cut", where: "record", frames: 1 }] }],
    [{ rules: [{ kind: "starting", where: "create_run" }] }],
    [{}],
  ])("%j is refused", (faults) => {
    expect(() => new Calls({ faults: faults as unknown as FaultPlan })).toThrow();
  });

  test("from a seed are reproducible JSON that the service accepts", () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 2000; seed += 1) {
      const drawn = randomFaultPlan(seed);
      expect(FaultPlanSchema.parse(JSON.parse(JSON.stringify(drawn)))).toEqual(randomFaultPlan(seed));
      for (const rule of drawn.rules) kinds.add(rule.kind);
    }
    const known = FaultPlanSchema.shape.rules.element.options.map((option) => option.shape.kind.value);
    expect(known.filter((kind) => !kinds.has(kind))).toEqual([
      "hang",
      "interrupt",
      "busy",
      "fail_build",
      "slow_build",
      "end_name",
    ]);
  });
});

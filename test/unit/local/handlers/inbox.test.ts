/** The inbox of approvals: what waits for a person in all runs, and decisions about it. */
import { describe, expect, test } from "vitest";
import type { LocalCloudOptions } from "../../../../src/local/index.ts";
import { Calls } from "../../../support/in-process/local-calls.ts";

async function waiting(step: object, options: Partial<LocalCloudOptions> = {}) {
  const calls = new Calls(options);
  const id = await calls.deploy();
  const run = await calls.start(id, [{ text: "before " }, step, { text: "after" }]);
  await calls.ambient.advanceUntilIdle();
  const entries = async (query = "") => (await calls.get(`/inbox/approvals${query}`)).body.data.entries;
  const [entry] = await entries();
  const decide = (body: object) => calls.post(`/inbox/approvals/${encodeURIComponent(entry.entry_id)}/decide`, body);
  return { calls, id, run, entries, entry, decide };
}

describe("tool calls", () => {
  test("are listed while they are pending; a decision is recorded once, and resumes no run", async () => {
    const { calls, run } = await waiting({ approve: "pay" });
    const { entries } = (await calls.get("/inbox/approvals")).body.data;
    expect(entries).toMatchObject([
      {
        entry_id: `tool:${run}:ap-1-1`,
        kind: "tool_call",
        tool_call_id: "ap-1-1",
        tool_ref: "pay",
        decision_state: "pending",
      },
    ]);
    const path = `/inbox/approvals/${encodeURIComponent(entries[0].entry_id)}/decide`;
    const answer = await calls.post(path, { decision: "deny", comment: "no" });
    expect(answer.body).toEqual({ data: { entry_id: entries[0].entry_id, decision_state: "denied" } });
    expect((await calls.post(path, { decision: "approve" })).status).toBe(409);
    expect((await calls.get("/inbox/approvals")).body.data.entries).toEqual([]);
    expect((await calls.record(run)).status).toBe("awaiting_approval");
  });

  test("are paged by a cursor, which expires", async () => {
    const { calls, id } = await waiting({ approve: ["a", "b", "c"] });
    await calls.start(id, [{ approve: "d" }]);
    await calls.ambient.advanceUntilIdle();
    const refs = (data: { entries: { tool_ref: string }[] }) => data.entries.map((entry) => entry.tool_ref);
    const first = (await calls.get("/inbox/approvals?limit=3")).body.data;
    const second = (await calls.get(`/inbox/approvals?limit=3&cursor=${first.next_cursor}`)).body.data;
    expect([refs(first), refs(second), second.next_cursor]).toEqual([["d", "a", "b"], ["c"], undefined]);
    await calls.ambient.advance(86_400_001);
    expect((await calls.get(`/inbox/approvals?cursor=${first.next_cursor}`)).status).toBe(400);
    expect((await calls.get("/inbox/approvals?cursor=zzz")).status).toBe(400);
  });

  test.each([
    ["tool:x", { decision: "approve" }, 404],
    ["tool:0c0ffee0-0000-4000-8000-00000000000a:ap-1-1", { decision: "approve" }, 404],
    ["tool:x", { decision: "reject" }, 400],
    ["tool:x", {}, 400],
  ])("%s with %j gives %i", async (entry, body, status) => {
    const answer = await new Calls().post(`/inbox/approvals/${encodeURIComponent(entry)}/decide`, body);
    expect(answer.status).toBe(status);
  });
});

describe("blocked egress", () => {
  const EGRESS = {
    egress: {
      host: "api.example.net",
      port: 443,
      method: "POST",
      path: "/v1/pay",
      reason: "not on the allow list",
      details: { rule: 7 },
    },
  };

  test("holds the run until it is decided, and is listed whole", async () => {
    const { calls, id, run, entry } = await waiting(EGRESS);
    expect(await calls.record(run)).toMatchObject({ status: "running" });
    expect(entry).toEqual({
      entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      kind: "blocked_egress",
      deployment_id: id,
      run_id: run,
      created_at: expect.any(String),
      expires_at: null,
      decision_state: "pending",
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      host: "api.example.net",
      port: 443,
      method: "POST",
      path: "/v1/pay",
      reason: "not on the allow list",
      details: { rule: 7 },
    });
    expect(entry.request_id).not.toBe(entry.entry_id);
    expect((await calls.get("/pending_approvals")).body.data).toEqual([]);
  });

  test("is released by an approval", async () => {
    const { calls, run, entry, entries, decide } = await waiting(EGRESS);
    const answer = await decide({ decision: "approve", comment: "fine" });
    expect(answer.body).toEqual({ data: { entry_id: entry.entry_id, decision_state: "approved" } });
    expect(await entries()).toEqual([]);
    await calls.ambient.advanceUntilIdle();
    expect(await calls.record(run)).toMatchObject({ status: "completed", output: "before after" });
  });

  test.each([
    ["blocks the run", {}, { status: "blocked", status_message: "Not allowed: api.example.net:443." }],
    [
      "lets it go on without",
      { on_deny: "continue" },
      { status: "completed", output: "before Not allowed: api.example.net:443.after" },
    ],
  ])("a denial %s", async (_, more, expected) => {
    const { calls, run, decide } = await waiting({ ...EGRESS, ...more });
    expect((await decide({ decision: "deny" })).body.data.decision_state).toBe("denied");
    await calls.ambient.advanceUntilIdle();
    expect(await calls.record(run)).toMatchObject(expected);
  });

  test("that was decided answers with its state, whatever is decided then", async () => {
    const { calls, run, decide } = await waiting(EGRESS);
    await decide({ decision: "approve" });
    expect(await decide({ decision: "deny" })).toMatchObject({
      status: 200,
      body: { data: { decision_state: "approved" } },
    });
    await calls.ambient.advanceUntilIdle();
    expect((await calls.record(run)).status).toBe("completed");
  });

  test("of a run that was cancelled has expired", async () => {
    const { calls, run, entries, decide } = await waiting(EGRESS);
    await calls.post(`/runs/${run}/cancel`);
    expect(await entries()).toEqual([]);
    expect(await decide({ decision: "approve" })).toMatchObject({
      status: 200,
      body: { data: { decision_state: "expired" } },
    });
    expect((await calls.record(run)).status).toBe("cancelled");
  });

  test("cannot be decided where the service has not built that yet", async () => {
    const { calls, id, run, decide } = await waiting(EGRESS, { blockedEgress: "listed" });
    expect(await decide({ decision: "approve" })).toMatchObject({ status: 501, body: { error: "NotImplemented" } });
    expect((await calls.record(run)).status).toBe("running");
    await calls.start(id, [{ approve: "pay" }]);
    await calls.ambient.advanceUntilIdle();
    const [tool] = (await calls.get("/inbox/approvals")).body.data.entries.filter(
      ({ kind }: { kind: string }) => kind === "tool_call",
    );
    expect(
      (await calls.post(`/inbox/approvals/${encodeURIComponent(tool.entry_id)}/decide`, { decision: "approve" }))
        .status,
    ).toBe(200);
  });
});

test("approvals of other kinds are listed with their payload, and hold the run as well", async () => {
  const { calls, run, entry, decide } = await waiting({
    ask: "budget_increase",
    payload: { usd: "5.00" },
    reason: "spent",
  });
  expect(entry).toMatchObject({
    kind: "other",
    subkind: "budget_increase",
    payload: { usd: "5.00" },
    reason: "spent",
    run_id: run,
  });
  await decide({ decision: "approve" });
  await calls.ambient.advanceUntilIdle();
  expect(await calls.record(run)).toMatchObject({ status: "completed", output: "before after" });
});

test("entries of all kinds are in one list, newest first, and pages go across kinds", async () => {
  const { calls, id } = await waiting({ approve: ["a", "b"] });
  for (const step of [{ egress: { host: "x.example", port: 80 } }, { ask: "quota" }, { approve: "c" }]) {
    await calls.ambient.advance(10);
    await calls.start(id, [step]);
    await calls.ambient.advanceUntilIdle();
  }
  const page = async (query: string) => (await calls.get(`/inbox/approvals?${query}`)).body.data;
  const kinds = ({ entries }: { entries: { kind: string; tool_ref?: string }[] }) =>
    entries.map(({ kind, tool_ref }) => tool_ref ?? kind);
  const first = await page("limit=2");
  const second = await page(`limit=3&cursor=${first.next_cursor}`);
  expect([kinds(first), kinds(second)]).toEqual([
    ["c", "other"],
    ["blocked_egress", "a", "b"],
  ]);
});

describe("a standing permission", () => {
  const LEASE = { action: "egress", capability: "api.example.net:443", use_budget: 3 };
  const EGRESS = { egress: { host: "api.example.net", port: 443 } };

  test("is neither offered nor accepted by default", async () => {
    const { calls, entry, decide } = await waiting(EGRESS);
    expect(entry).not.toHaveProperty("lease");
    expect((await decide({ decision: "allow_always", lease: LEASE })).status).toBe(400);
    expect(calls.cloud.stats().leasesGranted).toEqual([]);
  });

  test("is granted with the lease that the entry offers", async () => {
    const { calls, run, entry, decide } = await waiting(EGRESS, { leases: true });
    expect(entry.lease).toEqual({ action: "egress", capability: "api.example.net:443", use_budget: 10 });
    expect((await decide({ decision: "allow_always", lease: LEASE })).body.data.decision_state).toBe("approved");
    await calls.ambient.advanceUntilIdle();
    expect((await calls.record(run)).status).toBe("completed");
    expect(calls.cloud.stats().leasesGranted).toEqual([LEASE]);
  });

  test("for a tool call is recorded; the run is resumed as ever", async () => {
    const { calls, run, entry, decide } = await waiting({ approve: "pay" }, { leases: true });
    expect(entry.lease).toEqual({ action: "tool_call", capability: "pay", use_budget: 10 });
    expect((await decide({ decision: "allow_always", lease: entry.lease })).body.data.decision_state).toBe("approved");
    expect((await calls.record(run)).status).toBe("awaiting_approval");
  });

  test.each([
    [{ decision: "allow_always" }],
    [{ decision: "allow_always", lease: { action: "egress" } }],
    [{ decision: "allow_always", lease: { ...LEASE, use_budget: 0 } }],
  ])("%j is refused", async (body) => {
    const { decide } = await waiting(EGRESS, { leases: true });
    expect((await decide(body)).status).toBe(400);
  });
});

/** `approvals`: a decision is taken by every revision of the service, and never sent twice for one checkpoint. */
import { expect, test } from "vitest";
import type { FaultRule, LocalCloudOptions } from "../../src/local/index.ts";
import { script, startCloud } from "../support/child-process/cloud.ts";
import { HAVE_PTY, startPty } from "../support/child-process/pty.ts";
import { startTerminal } from "../support/child-process/terminal-child.ts";

const WAITS = script({ text: "before\n" }, { approve: "pay", args: { cents: 7 } }, { text: "after\n" });
const EGRESS = script(
  {
    egress: { host: "api.example.net", port: 443, method: "POST", path: "/v1/pay", details: { rule: "no-\u200bpay" } },
  },
  { text: "sent\n" },
);

async function waiting(options: Partial<LocalCloudOptions> = {}, prompt = WAITS) {
  const server = await startCloud(options);
  const run = (...args: string[]) => startTerminal(server.env, args).ended;
  const runId = (await run("run", "--detach", prompt)).stdout.trim();
  const list = async () => JSON.parse((await run("approvals", "list", "--json")).stdout);
  for (;;) if ((await list()).length > 0) break;
  const decided = () => Object.values(server.cloud.stats().decisionsReceived);
  return { server, run, runId, list, decided };
}

const STATUSES = [400, 404, 405, 409, 422] as const;

test.each(STATUSES)("a service that refuses the documented way with %d is asked in the other", async (status) => {
  const { run, runId, decided } = await waiting({ refusedDecisions: { where: "create_run", status } });
  expect(await run("approvals", "approve", runId, "--yes")).toMatchObject({ code: 0 });
  expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: "before\nafter\n" });
  expect(decided()).toEqual([1]);
});

test.each(STATUSES)("a service that refuses to resume in place with %d is never asked to", async (status) => {
  const { run, runId, decided } = await waiting({ refusedDecisions: { where: "resume", status } });
  expect(await run("approvals", "approve", runId, "--yes")).toMatchObject({ code: 0 });
  expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: "before\nafter\n" });
  expect(decided()).toEqual([1]);
});

const LOST: [string, FaultRule[]][] = [
  ["dropped", [{ kind: "lost_reply", where: "create_run", answer: "drop", after: 1, times: 1 }]],
  ["an error", [{ kind: "lost_reply", where: "create_run", answer: "unavailable", after: 1, times: 1 }]],
];

test.each(LOST)("an answer that is %s: the decision is not sent again", async (_, rules) => {
  const { run, runId, decided } = await waiting({ faults: { rules } });
  const { code, stderr } = await run("approvals", "approve", runId, "--yes");
  expect(code).toBe(1);
  expect(stderr).toContain("the answer was lost");
  expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: "before\nafter\n" });
  expect(decided()).toEqual([1]);
});

test("a network request that is held is listed whole, and decided", async () => {
  const { run, runId, list } = await waiting({}, EGRESS);
  const [entry] = await list();
  expect(entry).toMatchObject({
    kind: "blocked_egress",
    run_id: runId,
    requests: [{ tool: "network request: POST api.example.net:443/v1/pay", args: { rule: "no-\u200bpay" } }],
  });
  const { code, stdout, stderr } = await run("approvals", "approve", entry.entry_id, "--yes");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Approved.\n" });
  expect(stderr).toContain("POST api.example.net:443/v1/pay");
  expect(stderr).toContain('"no-\\u200bpay"');
  expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: "sent\n" });
  expect(await list()).toEqual([]);
});

test("what a run holds is found by the run, and can be refused", async () => {
  const { run, runId } = await waiting({}, EGRESS);
  expect(await run("approvals", "reject", runId.slice(0, 8), "--yes")).toMatchObject({
    code: 0,
    stdout: "Rejected.\n",
  });
  expect((await run("runs", "follow", runId)).code).not.toBe(0);
});

test("an approval of another kind is decided in the inbox, too", async () => {
  const ask = script({ ask: "budget_increase", payload: { usd: 12345678901234567890n.toString() } }, { text: "on\n" });
  const { run, runId, list } = await waiting({}, ask);
  expect(await list()).toMatchObject([{ kind: "other", requests: [{ tool: "budget_increase" }] }]);
  expect(await run("approvals", "approve", runId, "--yes")).toMatchObject({ code: 0 });
  expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: "on\n" });
});

test("a service that lists held requests and cannot decide them: it is said", async () => {
  const { run, runId, list } = await waiting({ blockedEgress: "listed" }, EGRESS);
  const { code, stderr } = await run("approvals", "approve", runId, "--yes");
  expect(code).not.toBe(0);
  expect(stderr).toContain("does not offer this yet");
  expect(stderr).toContain("nothing was decided");
  expect(await list()).toHaveLength(1);
});

test.each([404, 405, 501])("a service without an inbox (%d) lists the runs that wait", async (status) => {
  const rules: FaultRule[] = [{ kind: "status", where: "inbox", status, times: 1_000 }];
  const { run, list } = await waiting({ faults: { rules } });
  expect(await list()).toMatchObject([{ requests: [{ tool: "pay" }] }]);
  expect((await run("approvals", "list")).stderr).toBe("");
});

test("an inbox that cannot be read is said, and costs no run that waits", async () => {
  const { run, runId } = await waiting({
    faults: { rules: [{ kind: "status", where: "inbox", status: 403, times: 1_000 }] },
  });
  const { code, stdout, stderr } = await run("approvals", "list", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([{ run_id: runId }]);
  expect(stderr).toContain("the inbox could not be read");
  expect(await run("approvals", "approve", runId, "--yes")).toMatchObject({ code: 0 });
});

test.each([
  ["a held request", EGRESS, { action: "egress", capability: "api.example.net:443", use_budget: 10 }, "sent\n"],
  ["a tool call", WAITS, { action: "tool_call", capability: "pay", use_budget: 10 }, "before\nafter\n"],
])(
  "the lasting permission that is offered for %s is shown, and granted when a person says so",
  async (_, prompt, lease, text) => {
    const { run, runId, server, decided } = await waiting({ leases: true }, prompt);
    const { code, stderr } = await run("approvals", "approve", runId, "--always", "--yes");
    expect(code).toBe(0);
    for (const part of Object.entries(lease).flat()) expect(stderr).toContain(String(part));
    expect(server.cloud.stats().leasesGranted).toEqual([lease]);
    expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: text });
    expect(decided().every((times) => times === 1)).toBe(true);
  },
);

test.each([
  ["a held request", EGRESS],
  ["a tool call", WAITS],
])("without --always, %s is approved once", async (_, prompt) => {
  const { run, runId, server } = await waiting({ leases: true }, prompt);
  expect((await run("approvals", "approve", runId, "--yes")).stderr).toContain("--always would grant the lease");
  expect(server.cloud.stats().leasesGranted).toEqual([]);
});

test.each([
  ["a held request", EGRESS],
  ["a tool call", WAITS],
])("--always for %s without an offer decides nothing", async (_, prompt) => {
  const { run, runId, list } = await waiting({}, prompt);
  const { code, stderr } = await run("approvals", "approve", runId, "--always", "--yes");
  expect(code).toBe(2);
  expect(stderr).toContain("offers no lasting permission");
  expect(await list()).toHaveLength(1);
});

test.runIf(HAVE_PTY)("a person is asked before a held request is released", async () => {
  const { server, runId, run } = await waiting({}, EGRESS);
  const pty = startPty(server.env, ["approvals", "approve", runId]);
  await pty.sees("Approve this?");
  expect(pty.shown()).toContain("POST api.example.net:443/v1/pay");
  pty.type("y");
  expect(await pty.ended).toBe(0);
  expect(await run("runs", "follow", runId)).toMatchObject({ code: 0, stdout: "sent\n" });
});

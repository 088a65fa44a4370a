import { expect, test } from "vitest";
import { aRun, lived } from "../harness.ts";

const WORKLOAD = { kind: "workload", name: "alpha-1234abcd-00000000" } as const;

test("a host that breaks off in the middle leaves no stream open and no run going", async () => {
  const run = aRun({ script: [{ text: "a", n: 50, every_ms: 100 }, { hang: true }], consumer: { breakAfter: 5 } });
  const { problems, stats, truth } = await lived([run]);
  expect(problems).toEqual([]);
  expect(stats.openStreams).toBe(0);
  expect(truth?.runs.map(({ status }) => status)).toEqual(["cancelled"]);
});

test("requests that come together share the deployment they need", async () => {
  const { problems, stats, recorders } = await lived([aRun({ target: WORKLOAD }), aRun({ target: WORKLOAD, atMs: 3 })]);
  expect(problems).toEqual([]);
  expect(stats.deploymentsCreated).toBe(1);
  expect(recorders.map(({ outcome }) => outcome?.kind)).toEqual(["completed", "completed"]);
});

test("a request that is cancelled while it deploys does not take the deployment from the other one", async () => {
  const hasty = aRun({ target: WORKLOAD, stops: [{ by: "host", phase: "deploying", ms: 1 }] });
  const { problems, stats, recorders } = await lived([hasty, aRun({ target: WORKLOAD, atMs: 3 })]);
  expect(problems).toEqual([]);
  expect(stats.deploymentsCreated).toBe(1);
  expect(String(recorders[0]?.failure)).toBe("ExecutionFailure: the request was cancelled before a run was started");
  expect(recorders[1]?.outcome?.kind).toBe("completed");
});

test("a list that fails after the deployment was made does not make another one", async () => {
  const refused = { kind: "status", where: "deployments", after: 2, times: 6, status: 503 } as const;
  const { problems, stats, recorders } = await lived([aRun({ target: WORKLOAD })], [refused]);
  expect(problems).toEqual([]);
  expect(stats.deploymentsCreated).toBe(1);
  expect(recorders[0]?.outcome?.kind).toBe("completed");
});

test("a run that was decided while its approvals were asked for is not reported as waiting", async () => {
  const run = aRun({ script: [{ approve: "deploy" }, { text: "done" }], onApproval: "return" });
  const slow = { kind: "delay", where: "approvals", ms: 200 } as const;
  const person = { afterMs: 100, decision: "approve" } as const;
  const { problems, recorders } = await lived([run], [slow], { person });
  expect(problems).toEqual([]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "completed", text: "done" });
  expect(recorders[0]?.askedAt).toBe(0);
});

test("each pause is reported with what it waits for, while the stream stays open", async () => {
  const run = aRun({ script: [{ approve: "deploy" }, { approve: "pay" }, { text: "done" }] });
  const { problems, recorders } = await lived([run], [], { person: { afterMs: 20_000, decision: "approve" } });
  expect(problems).toEqual([]);
  expect(recorders[0]?.asked).toEqual(["deploy", "pay"]);
  expect(recorders[0]?.outcome).toMatchObject({ kind: "completed", text: "done" });
});

test("a run that was stopped while its host received the pause is not left waiting", async () => {
  for (let after = 1; after < 8; after += 1) {
    const consumer = { pause: { after, ms: 11_000 } };
    const run = aRun({ script: [{ approve: "pay" }], onApproval: "return", timeoutMs: 800, consumer });
    const { problems, recorders, truth } = await lived([run]);
    expect(problems).toEqual([]);
    const status = recorders[0]?.outcome?.kind === "awaiting_approval" ? "awaiting_approval" : "cancelled";
    expect(truth?.runs.map((one) => one.status)).toEqual([status]);
  }
});

test("a run whose create call was lost is found and cancelled, and the request fails with `unknown_outcome`", async () => {
  const run = aRun({ script: [{ hang: true }], stops: [{ by: "host", phase: "submitting", ms: 100 }] });
  const { problems, recorders, truth } = await lived(
    [run],
    [
      { kind: "lost_reply", where: "create_run", answer: "drop" },
      { kind: "lost_reply", where: "list", times: 3, answer: "hang" },
    ],
  );
  expect(problems).toEqual([]);
  expect(recorders[0]?.failure).toMatchObject({ kind: "unknown_outcome" });
  expect(truth?.runs.map(({ status }) => status)).toEqual(["cancelled"]);
});

test("stopping a request that has not seen its own run yet stops the run", async () => {
  const first = aRun({ script: [{ hang: true }], detach: true });
  const again = aRun({ atMs: 1_000, attachTo: 0, owned: true, stops: [{ by: "host", ms: 5 }] });
  const slow = { kind: "delay", where: "record", times: 9, ms: 500 } as const;
  const { problems, recorders, truth } = await lived([first, again], [slow]);
  expect(problems).toEqual([]);
  expect(String(recorders[1]?.failure)).toContain("before the run could be looked at");
  expect(truth?.runs.map(({ status }) => status)).toEqual(["cancelled"]);
});

test("nothing is left to be asked when the deadline comes between the end of the stream and the record", async () => {
  for (let seed = 1; seed < 40; seed += 1) {
    // The run waits, so that its stream ends before it does.
    const run = aRun({ script: [{ approve: "pay" }], timeoutMs: 3_000 });
    const { problems } = await lived([run], [], {
      network: { seed, latencyMs: 300, refused: 0.3, lost: 0, cut: 0 },
      service: { deployMs: 0, startMs: 0, firstSequence: 1, keepAliveMs: 0 },
      person: { afterMs: 200, decision: "reject" },
    });
    expect(problems).toEqual([]);
  }
});

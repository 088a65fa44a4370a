import { describe, expect, test } from "vitest";
import type { SerenClient } from "../../../../src/seren/client/client.ts";
import { data, type Reply } from "../../../support/in-process/fake-transport.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { DEPLOYMENT, deployment, OTHER_RUN, RUN, record, state } from "../follow/rows.ts";
import { clientHarness } from "./harness.ts";

const MARKER = "0c1a7b0d-e5f2-4c1b-9d3a-5f6e7d8c9b0a";

describe("rows that cannot be read are counted, and cost no other", () => {
  test.each<[string, string, (client: SerenClient) => Promise<unknown>, unknown, unknown, unknown]>([
    [
      "deployments",
      "GET /deployments",
      (client) => client.listDeployments(PATIENT),
      deployment(),
      { name: "opaque" },
      {
        id: DEPLOYMENT,
        name: "triage-8f21c0de",
        mode: "job",
        status: "running",
        createdAt: Date.parse("2026-01-01T00:00:00Z"),
        updatedAt: Date.parse("2026-01-01T00:00:00Z"),
        skillSlug: "triage",
      },
    ],
    [
      "artifacts",
      "GET /runs/*/artifacts",
      (client) => client.listRunArtifacts(RUN, PATIENT),
      { id: "a", artifact_type: "t" },
      null,
      { id: "a", kind: "t" },
    ],
    [
      "pending runs",
      "GET /pending_approvals",
      (client) => client.approvals.waitingRuns(PATIENT),
      { run_id: RUN, deployment_id: DEPLOYMENT, status: "awaiting_approval" },
      { run_id: [RUN] },
      { runId: RUN, deploymentId: DEPLOYMENT, status: "awaiting_approval", approvals: [] },
    ],
  ])("%s", async (_, route, call, good, bad, expected) => {
    const { transport, client } = clientHarness();
    transport.on(route, () => data([bad, good, bad]));
    expect(await call(client)).toEqual({ rows: [expected], unreadable: 2 });
  });

  test("runs, and the markers of those without an id are told", async () => {
    const { transport, client } = clientHarness();
    const nameless = record({ id: null, invocation_payload: { client_request_id: MARKER } });
    transport.on("GET /runs", () => data([nameless, record(), {}]));
    expect(await client.listRunPage(undefined, {}, PATIENT)).toMatchObject({
      runs: [{ id: RUN, deploymentId: DEPLOYMENT, status: "running", createdAt: Date.parse("2026-01-01T00:00:00Z") }],
      unreadable: 2,
      unnamedRequestIds: [MARKER],
    });
  });

  test("events are returned as they are", async () => {
    const { transport, client } = clientHarness();
    const rows = [{ type: "text", text: "a" }, "odd", null];
    transport.on("GET /runs/*/events", () => data(rows, { hasMore: false }));
    expect(await client.listRunEvents(RUN, 0, PATIENT)).toEqual({ events: rows, hasMore: false });
  });
});

describe("whether there is more", () => {
  test.each([
    [{ hasMore: true }, 1, true],
    [{ hasMore: false }, 500, false],
    [undefined, 499, false],
    [undefined, 500, true],
  ])("pagination %j and %i rows: %s", async (more, count, expected) => {
    const { transport, client } = clientHarness();
    transport.on("GET /runs/*/events", () => data(Array(count).fill({}), more));
    expect((await client.listRunEvents(RUN, 0, PATIENT)).hasMore).toBe(expected);
  });

  test("counts rows that cannot be read", async () => {
    const { transport, client } = clientHarness();
    transport.on("GET /runs", () => data([record(), {}, {}]));
    expect(await client.listRunPage(undefined, { limit: 3 }, PATIENT)).toMatchObject({
      runs: [{ id: RUN }],
      hasMore: true,
    });
  });
});

describe("repeating", () => {
  test("a read is repeated while the service is down, four attempts in all", async () => {
    const { ambient, transport, client } = clientHarness();
    transport.on("GET /runs/*", () => ({ status: 503 }));
    await expect(ambient.runUntil(client.getRun(RUN, PATIENT))).rejects.toMatchObject({ kind: "unavailable" });
    expect(transport.sent).toHaveLength(4);
  });

  test("an unreadable answer is not requested again", async () => {
    const { transport, client } = clientHarness();
    transport.on("GET /runs/*", () => ({ body: '{"run":"gone"}' }));
    transport.on("GET /runs/*/state", () => ({ status: 404 }));
    await expect(client.getRun(RUN, PATIENT)).rejects.toMatchObject({ kind: "contract" });
    expect(transport.sent).toHaveLength(2);
  });

  test.each([
    ["an answer that broke off", '{"data":{"id":"'],
    ["an empty answer", ""],
  ])("%s is requested again, three times at most", async (_, body) => {
    const { ambient, transport, client } = clientHarness();
    transport.on("GET /runs/*", () => (transport.sent.length < 4 ? { body } : data(record({ output: "o" }))));
    expect(await ambient.runUntil(client.getRun(RUN, PATIENT))).toMatchObject({ output: "o" });
    transport.sent.length = 0;
    transport.on("GET /runs/*", () => ({ body })).on("GET /runs/*/state", () => ({ status: 404 }));
    await expect(ambient.runUntil(client.getRun(RUN, PATIENT))).rejects.toMatchObject({ kind: "contract" });
    expect(transport.sent).toHaveLength(5);
  });

  test("an answer to a request that makes something is never requested again, however it broke off", async () => {
    const { transport, client } = clientHarness();
    transport.on("POST /deploy", () => ({ status: 202, body: '{"da' }));
    await expect(
      client.deploy({ mode: "job", skill_slug: "x", workload: { execution: { type: "llm", bundle: {} } } }),
    ).rejects.toMatchObject({ kind: "contract" });
    expect(transport.sent).toHaveLength(1);
  });

  test.each<[string, Reply, Reply, object]>([
    ["a record that cannot be read", { body: "[]" }, data(state({ status: "completed" })), { status: "completed" }],
    [
      "a record of another run",
      data(record({ id: OTHER_RUN })),
      data(state({ status: "failed" })),
      { status: "failed" },
    ],
    [
      "a status of another type",
      data(record({ status: 5, output: "o" })),
      data(state()),
      { status: "running", output: "o" },
    ],
    [
      "a state that says only that it is over",
      { body: "" },
      data(state({ status: 1, terminal: true })),
      { status: "ended" },
    ],
  ])("the state serves in place of %s", async (_, record, live, expected) => {
    const { ambient, transport, client } = clientHarness();
    transport.on("GET /runs/*", () => record).on("GET /runs/*/state", () => live);
    expect(await ambient.runUntil(client.getRun(RUN, PATIENT))).toMatchObject({ id: RUN, ...expected });
  });

  test("a record of 300,000 events is read from the log instead", async () => {
    const { transport, client } = clientHarness();
    transport
      .on("GET /runs/*", () => data(record({ status: "completed", output_events: Array(300_000).fill(0) })))
      .on("GET /runs/*/state", () => data(state({ status: "completed" })));
    expect(await client.getRun(RUN, PATIENT)).toMatchObject({ id: RUN, cut: {} });
  });

  test.each<[string, (client: SerenClient) => Promise<unknown>]>([
    ["state", (client) => client.getRunState(RUN, PATIENT)],
    ["deployment", (client) => client.getDeployment(DEPLOYMENT, PATIENT)],
    ["pending approvals", (client) => client.approvals.ofRun(RUN, PATIENT)],
  ])("the %s of another thing is none of the one that was asked for", async (_, ask) => {
    const { transport, client } = clientHarness();
    transport
      .on("GET /runs/*/state", () => data(state({ run_id: OTHER_RUN })))
      .on("GET /deployments/*", () => data(deployment({ id: OTHER_RUN })))
      .on("GET /runs/*/pending_approvals", () => data({ run_id: OTHER_RUN, status: "awaiting_approval" }));
    await expect(ask(client)).rejects.toMatchObject({ kind: "contract" });
  });

  test("a start is repeated, and its answer is not read", async () => {
    const { ambient, transport, client } = clientHarness();
    const replies: Reply[] = [{ status: 502 }, { status: 204, body: "" }];
    transport.on("POST /deployments/*/start", () => replies.shift() ?? {});
    await ambient.runUntil(client.startDeployment(DEPLOYMENT, PATIENT));
    expect(transport.sent).toHaveLength(2);
  });

  test("an abort ends the waiting with its reason", async () => {
    const { ambient, transport, client } = clientHarness();
    transport.on("GET /runs/*/state", () => ({ status: 503 }));
    const controller = new AbortController();
    const reading = client.getRunState(RUN, { attempts: Infinity, signal: controller.signal });
    const ended = expect(reading).rejects.toBe("stop");
    await ambient.advance(10_000);
    controller.abort("stop");
    await ended;
    expect(ambient.waiting).toBe(0);
  });
});

describe("a cancel", () => {
  test("returns the record", async () => {
    const { transport, client } = clientHarness();
    transport.on("POST /runs/*/cancel", () => data(record({ status: "cancelled" })));
    expect(await client.cancelRun(RUN)).toMatchObject({ status: "cancelled" });
    expect(transport.sent[0]?.body).toBeUndefined();
  });

  test.each<[string, Reply]>([
    ["nothing", { status: 204, body: "" }],
    ["a word", { status: 202, body: "accepted" }],
    ["a status only", data({ status: "cancelling" })],
  ])("accepted with %s is followed by a read of the record", async (_, reply) => {
    const { transport, client } = clientHarness();
    transport.on("POST /runs/*/cancel", () => reply).on("GET /runs/*", () => data(record({ status: "running" })));
    expect(await client.cancelRun(RUN)).toMatchObject({ id: RUN, status: "running" });
  });

  test("is taken, whatever can be seen afterwards", async () => {
    const { ambient, transport, client } = clientHarness();
    transport.on("POST /runs/*/cancel", () => data(null)).on("GET /runs/*", () => ({ status: 503 }));
    expect(await ambient.runUntil(client.cancelRun(RUN))).toBeUndefined();
  });

  test("has four seconds and one attempt", async () => {
    const { ambient, transport, client } = clientHarness();
    transport.on("POST /runs/*/cancel", () => ({ afterMs: Infinity }));
    const start = ambient.now();
    await expect(ambient.runUntil(client.cancelRun(RUN))).rejects.toMatchObject({ kind: "unavailable" });
    expect(ambient.now() - start).toBe(4_000);
    expect(transport.sent).toHaveLength(1);
  });
});

describe("a delete", () => {
  test.each([[200], [204], [404]])("answered with %i is done", async (status) => {
    const { transport, client } = clientHarness();
    transport.on("DELETE /deployments/*", () => ({ status, body: "" }));
    await expect(client.deleteDeployment(DEPLOYMENT, PATIENT)).resolves.toBeUndefined();
  });

  test("that is refused rejects", async () => {
    const { transport, client } = clientHarness();
    transport.on("DELETE /deployments/*", () => ({ status: 409, body: { message: "in use" } }));
    await expect(client.deleteDeployment(DEPLOYMENT, PATIENT)).rejects.toThrow(
      "Seren Cloud reports a conflict: in use",
    );
  });
});

describe("the answer to a create call", () => {
  test.each([
    [
      { status: "queued", run_id: RUN, execution_id: "e" },
      { runId: RUN, executionId: "e" },
    ],
    [{ status: "queued", id: RUN }, { runId: RUN }],
    [{ status: "queued", run_id: RUN, id: "job-17" }, { runId: RUN }],
    [{ status: "queued", run_id: RUN, id: OTHER_RUN }, { runId: RUN }],
    [{ status: "completed", result: { text: "x" }, exit_code: 0 }, { result: { text: "x" } }],
  ])("%j", async (invocation, expected) => {
    const { transport, client } = clientHarness();
    transport.on("POST /deployments/*/runs", () => data(invocation));
    expect((await client.createRun(DEPLOYMENT, {})).invocation).toMatchObject(expected);
  });
});

test("the state of a run is returned", async () => {
  const { transport, client } = clientHarness();
  transport.on("GET /runs/*/state", () => data(state({ current_tool: "grep" })));
  expect(await client.getRunState(RUN, PATIENT)).toMatchObject({ currentTool: "grep", latestSequence: 0 });
});

test("closing the client closes its transport", async () => {
  const { transport, client } = clientHarness();
  await client.close();
  expect(transport.closed).toBe(true);
});

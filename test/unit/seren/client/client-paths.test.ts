import { describe, expect, test } from "vitest";
import type { SerenClient } from "../../../../src/seren/client/client.ts";
import { data, lost } from "../../../support/in-process/fake-transport.ts";
import { PATIENT } from "../../../support/in-process/patient.ts";
import { DEPLOYMENT, RUN } from "../follow/rows.ts";
import { clientHarness } from "./harness.ts";

describe("ids that come from hosts and files", () => {
  const BAD = ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "a\nb", "é", "x".repeat(129), "a\\b", "a:b"];
  const { transport, client } = clientHarness();
  const signal = new AbortController().signal;
  const calls: Record<string, (id: string) => Promise<unknown>> = {
    getDeployment: (id) => client.getDeployment(id, PATIENT),
    startDeployment: (id) => client.startDeployment(id, PATIENT),
    stopDeployment: (id) => client.stopDeployment(id, PATIENT),
    completeBundle: (id) => client.completeBundle(id, PATIENT),
    removeDeployment: (id) => client.removeDeployment(id, PATIENT),
    deleteDeployment: (id) => client.deleteDeployment(id, PATIENT),
    createRun: (id) => client.createRun(id, {}),
    getRun: (id) => client.getRun(id, PATIENT),
    getRunState: (id) => client.getRunState(id, PATIENT),
    listRunPage: (id) => client.listRunPage(id || ".", {}, PATIENT),
    listRunEvents: (id) => client.listRunEvents(id, 0, PATIENT),
    listRunArtifacts: (id) => client.listRunArtifacts(id, PATIENT),
    "approvals.ofRun": (id) => client.approvals.ofRun(id, PATIENT),
    "approvals.resumeInPlace": (id) => client.approvals.resumeInPlace(id, { checkpointId: "c", decisions: [] }),
    resumeRun: (id) => client.resumeRun(id),
    cancelRun: (id) => client.cancelRun(id),
    openRunStream: (id) => client.openRunStream(id, undefined, signal),
  };

  test.each(Object.entries(calls))("cannot change the path of %s", async (_, call) => {
    for (const id of BAD) await expect(call(id), JSON.stringify(id)).rejects.toMatchObject({ kind: "invalid_input" });
    expect(transport.sent).toEqual([]);
  });
});

test("ids of the inbox may be any text, and cannot change the path either", async () => {
  const { transport, client } = clientHarness();
  transport.on("POST /inbox/approvals/*/decide", () => data({ decision_state: "denied" }));
  const decide = (id: string) => client.approvals.decideInInbox(id, { decision: "deny" });
  for (const id of ["", ".", ".."]) await expect(decide(id)).rejects.toMatchObject({ kind: "invalid_input" });
  for (const id of ["tool:a:b", "a/b", "a?b", "a#b", "a%2fb", "a b", "é", "\ud800", "../x"]) await decide(id);
  for (const { path } of transport.sent) expect(path).toMatch(/^\/inbox\/approvals\/[^/?#]+\/decide$/);
});

describe("what is asked", () => {
  test.each<[string, (client: SerenClient) => Promise<unknown>, string, Record<string, string>]>([
    ["GET /deployments", (client) => client.listDeployments(PATIENT), "/deployments", {}],
    [
      "GET /deployments/*/runs",
      (client) => client.listRunPage(DEPLOYMENT, {}, PATIENT),
      `/deployments/${DEPLOYMENT}/runs`,
      { limit: "100", offset: "0" },
    ],
    [
      "GET /runs",
      (client) =>
        client.listRunPage(undefined, { limit: 5, offset: 10, status: "running", conversationId: "a&b=c" }, PATIENT),
      "/runs",
      { limit: "5", offset: "10", status: "running", conversation_id: "a&b=c" },
    ],
    [
      "GET /runs/*/events",
      (client) => client.listRunEvents(RUN, 7, PATIENT),
      `/runs/${RUN}/events`,
      { limit: "500", offset: "7" },
    ],
    [
      "GET /runs/*/artifacts",
      (client) => client.listRunArtifacts(RUN, PATIENT),
      `/runs/${RUN}/artifacts`,
      { limit: "200" },
    ],
    [
      "GET /pending_approvals",
      (client) => client.approvals.waitingRuns(PATIENT),
      "/pending_approvals",
      { limit: "100" },
    ],
  ])("%s", async (route, call, path, query) => {
    const { transport, client } = clientHarness();
    transport.on(route, () => data([]));
    await call(client);
    expect(transport.sent).toHaveLength(1);
    expect(transport.sent[0]).toMatchObject({ method: "GET", path });
    expect(Object.fromEntries(transport.sent[0]?.query ?? [])).toEqual(query);
  });

  test("a create call is made once and is not abortable", async () => {
    const { transport, client } = clientHarness();
    transport.on("POST /deployments/*/runs", () => lost());
    const body = { message: "hi", async: true, client_request_id: "c", inputs: { else: 1 } };
    const run = { message: "hi", requestId: "c", inputs: { else: 1 } };
    await expect(client.createRun(DEPLOYMENT, run)).rejects.toMatchObject({ kind: "unavailable" });
    expect(transport.sent).toHaveLength(1);
    expect(transport.sent[0]).toMatchObject({ body, signal: { aborted: false } });
  });

  test("a deploy call is made once", async () => {
    const { transport, client } = clientHarness();
    transport.on("POST /deploy", () => ({ status: 503 }));
    await expect(
      client.deploy({ mode: "job", skill_slug: "x", workload: { execution: { type: "llm", bundle: {} } } }),
    ).rejects.toMatchObject({ kind: "unavailable" });
    expect(transport.sent).toHaveLength(1);
  });
});

describe("opening a stream", () => {
  const open = async (reply: { status?: number; headers?: Record<string, string> }, lastEventId?: string) => {
    const { transport, client } = clientHarness();
    transport.onStream("GET /runs/*/stream", () => reply);
    const outcome = await client
      .openRunStream(RUN, lastEventId, new AbortController().signal)
      .catch((error: unknown) => error);
    return { transport, outcome };
  };

  test("asks for an event stream, from the beginning or after an event", async () => {
    const headers = { "content-type": "Text/Event-Stream; charset=utf-8" };
    const first = await open({ headers });
    expect(first.outcome).toMatchObject({ status: 200 });
    expect(first.transport.sent[0]?.headers).toEqual({ accept: "text/event-stream" });
    const next = await open({ headers }, "17");
    expect(next.transport.sent[0]?.headers).toEqual({ accept: "text/event-stream", "last-event-id": "17" });
  });

  test.each([
    [{ status: 200, headers: { "content-type": "application/json" } }, "unsupported"],
    [{ status: 200, headers: {} }, "unsupported"],
    [{ status: 405 }, "unsupported"],
    [{ status: 406 }, "unsupported"],
    [{ status: 501 }, "unsupported"],
    [{ status: 404 }, "not_found"],
    [{ status: 401 }, "unauthorized"],
    [{ status: 402 }, "payment_required"],
    [{ status: 403 }, "forbidden"],
    [{ status: 429 }, "rate_limited"],
    [{ status: 502 }, "unavailable"],
    [{ status: 204 }, "contract"],
    [{ status: 302 }, "contract"],
  ])("refused with %j is %s, and closed", async (reply, kind) => {
    const { transport, outcome } = await open({ headers: { "content-type": "text/event-stream" }, ...reply });
    expect(outcome).toMatchObject({ kind, details: { status: reply.status } });
    expect(transport.openStreams).toBe(0);
  });
});

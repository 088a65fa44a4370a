/** A decision is about what was shown: the service is asked once more right before it is sent. */
import { describe, expect, test } from "vitest";
import { ApprovalDesk } from "../../../../src/core/account/approvals.ts";
import { RequestsChanged } from "../../../../src/core/account/checkpoint.ts";
import { SerenClient } from "../../../../src/seren/client/client.ts";
import type { InboxEntry } from "../../../../src/seren/model.ts";
import { asFailure, ExecutionFailure } from "../../../../src/support/failure.ts";
import { data, FakeTransport, lost, type Reply } from "../../../support/in-process/fake-transport.ts";
import { VirtualAmbient } from "../../../support/in-process/virtual-ambient.ts";

const RUN = "1f3c0000-0000-4000-8000-000000000001";
const DEPLOYMENT = "1f3c0000-0000-4000-8000-000000000002";
const SHOWN = '{"id":"a","tool":"pay","args":{"cents":12345678901234567890},"reason":"rent"}';

async function desk(first = SHOWN) {
  const ambient = new VirtualAmbient(1);
  const transport = new FakeTransport(ambient);
  let asked = first;
  let checkpoint = "c1";
  const accepted = (): Reply => ({ ...data({ run_id: RUN, status: "queued" }), status: 202 });
  const rig = {
    onCreate: accepted,
    onGrant() {},
    /** Entries of the inbox. */
    entries: [] as string[],
    change(request: string, at = "c1") {
      asked = request;
      checkpoint = at;
    },
  };
  transport
    .on(`GET /runs/${RUN}`, () => data({ id: RUN, deployment_id: DEPLOYMENT, status: "awaiting_approval" }))
    .on(`GET /runs/${RUN}/pending_approvals`, () => ({
      body: `{"data":{"status":"awaiting_approval","checkpoint_id":"${checkpoint}","pending_approvals":[${asked}]}}`,
    }))
    .on("GET /inbox/approvals", () => ({ body: `{"data":{"entries":[${rig.entries}]}}` }))
    .on("POST /inbox/approvals/e1/decide", () => {
      rig.onGrant();
      return data({ decision_state: "approved" });
    })
    .on(`POST /deployments/${DEPLOYMENT}/runs`, () => rig.onCreate())
    .on(`POST /runs/${RUN}/resume`, accepted);
  const approvals = new ApprovalDesk(new SerenClient(transport, ambient));
  const shown = await ambient.runUntil(approvals.checkpoint(RUN));
  return Object.assign(rig, {
    shown,
    offers: () => ambient.runUntil(approvals.offers(shown)),
    decide: (options?: { always: InboxEntry[] }) => ambient.runUntil(approvals.decide(shown, () => "approve", options)),
    sent: () => transport.sent.filter(({ method }) => method === "POST").map(({ body }) => body),
  });
}

test("arguments keep their digits on the way from the wire", async () => {
  expect((await desk()).shown.requests).toMatchObject([{ argsText: '{"cents":12345678901234567890}' }]);
});

test("what is still asked for is decided", async () => {
  const { decide, sent } = await desk();
  expect(await decide()).toMatchObject({ runId: RUN });
  expect(sent()).toHaveLength(1);
});

test.each([
  ["other digits", SHOWN.replace("567890}", "567891}"), "c1"],
  ["another tool", SHOWN.replace("pay", "pay_all"), "c1"],
  ["another reason", SHOWN.replace("rent", "gift"), "c1"],
  ["another id", SHOWN.replace('"a"', '"b"'), "c1"],
  ["one more request", `${SHOWN},{"id":"b","tool":"pay"}`, "c1"],
  ["another checkpoint", SHOWN, "c2"],
])("%s since it was shown: nothing is sent, and what is asked for now is returned", async (_, request, at) => {
  const { decide, sent, change } = await desk();
  change(request, at);
  const failure = await decide().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RequestsChanged);
  expect((failure as RequestsChanged).now).toMatchObject({ checkpointId: at });
  expect(sent()).toEqual([]);
});

test.each([
  ['"tool":12345678901234567890', { tool: "12345678901234567890" }],
  ['"tool":{"n":1e999,"n":2}', { tool: '{"n":1e999,"n":2}' }],
  ['"tool":"pay","reason":[1.0]', { reason: "[1.0]" }],
])("a tool or a reason that is no text is shown as it was written: %s", async (members, seen) => {
  const { shown } = await desk(`{"id":"a",${members}}`);
  expect(shown.requests).toMatchObject([seen]);
});

test("a tool that is a number, and has other digits since it was shown: nothing is sent", async () => {
  const { decide, sent, change } = await desk('{"id":"a","tool":12345678901234567890}');
  change('{"id":"a","tool":12345678901234567891}');
  expect(await decide().catch((error: unknown) => error)).toBeInstanceOf(RequestsChanged);
  expect(sent()).toEqual([]);
});

test.each([
  ["other digits", SHOWN.replace("567890}", "567891}")],
  ["one more request", `${SHOWN},{"id":"b","tool":"pay"}`],
  ["none", ""],
  ["one that cannot be read", `${SHOWN},7`],
])("creating a run is refused, and the checkpoint has %s now: the run itself is not resumed", async (_, request) => {
  const rig = await desk();
  rig.onCreate = () => {
    rig.change(request);
    return { status: 404, body: { error: "not here" } };
  };
  expect(await rig.decide().catch((error: unknown) => error)).toMatchObject({ kind: "conflict" });
  expect(rig.sent()).toHaveLength(1);
});

const offer = (id: string, lease: string, call = "a") =>
  `{"entry_id":"${id}","run_id":"${RUN}","kind":"tool_call","tool_call_id":"${call}","tool_ref":"pay","decision_state":"pending","lease":${lease}}`;

describe("lasting permissions", () => {
  test("one is offered for each request, because one is shown with it", async () => {
    const rig = await desk();
    rig.entries = [offer("e1", '{"hours":1}'), offer("e2", '{"hours":9999}'), offer("e3", "{}", "b")];
    expect(await rig.offers()).toMatchObject([{ entryId: "e1" }]);
  });

  test("none is offered under an id that two entries have: the decision could reach the other one", async () => {
    const rig = await desk();
    rig.entries = [offer("e1", '{"hours":1}'), offer("e1", '{"hours":1}').replace('"pay"', '"pay_all"')];
    expect(await rig.offers()).toEqual([]);
    rig.entries = [offer("e1", '{"hours":1}'), offer("e1", '{"hours":1}')]; // the same row on two pages
    expect(await rig.offers()).toMatchObject([{ entryId: "e1" }]);
  });

  test("what has changed while they were granted is not approved", async () => {
    const rig = await desk();
    rig.entries = [offer("e1", '{"hours":1}')];
    const always = await rig.offers();
    rig.onGrant = () => rig.change(SHOWN.replace("pay", "pay_all"));
    expect(await rig.decide({ always }).catch((error: unknown) => error)).toBeInstanceOf(RequestsChanged);
    expect(rig.sent()).toHaveLength(1);
  });
});

/** A service that gives each way of deciding its own answer, and whose lists lag behind. */
interface Service {
  /** Answer to creating a run with decisions, and whether it takes them. */
  create: [Reply | ExecutionFailure, taken?: boolean];
  resume: [Reply | ExecutionFailure, taken?: boolean];
  /** A decision of somebody else, right before ours arrives. */
  decidedElsewhere?: boolean;
  /** How long the lists go on to show the run as waiting. */
  lagMs?: number;
}

const accepted = (runId?: string): Reply => ({ ...data({ run_id: runId, status: "queued" }), status: 202 });
const refused = (status: number): Reply => ({ status, body: { error: { message: "not here" } } });

async function decideAt({ create, resume, decidedElsewhere = false, lagMs = 0 }: Service) {
  const ambient = new VirtualAmbient(1);
  const transport = new FakeTransport(ambient);
  let decidedAt = Number.POSITIVE_INFINITY;
  const waits = () => ambient.now() < decidedAt + lagMs;
  const way =
    ([reply, taken = false]: Service["create"]) =>
    () => {
      if (taken || decidedElsewhere) decidedAt = Math.min(decidedAt, ambient.now());
      return reply;
    };
  const status = () => (waits() ? "awaiting_approval" : "running");
  transport
    .on(`GET /runs/${RUN}`, () => data({ id: RUN, deployment_id: DEPLOYMENT, status: status() }))
    .on(`GET /runs/${RUN}/pending_approvals`, () => ({
      body: waits()
        ? `{"data":{"status":"awaiting_approval","checkpoint_id":"c1","pending_approvals":[${SHOWN}]}}`
        : `{"data":{"status":"running","checkpoint_id":null,"pending_approvals":[]}}`,
    }))
    .on(`POST /deployments/${DEPLOYMENT}/runs`, way(create))
    .on(`POST /runs/${RUN}/resume`, way(resume));
  const approvals = new ApprovalDesk(new SerenClient(transport, ambient));
  const shown = await ambient.runUntil(approvals.checkpoint(RUN));
  const result = await ambient.runUntil(approvals.decide(shown, () => "approve").catch(asFailure));
  const sent = transport.sent.filter(({ method }) => method === "POST").map(({ path }) => path.split("/").at(-1));
  return { result, sent };
}

const NEW_RUN = "1f3c0000-0000-4000-8000-000000000003";
const STATUSES = [400, 404, 405, 409, 422];

test.each(STATUSES)("creating a run is refused with %d: the run itself is resumed, once", async (status) => {
  for (const [reply, runId] of [
    [data({ id: RUN, status: "running" }), RUN],
    [data({ run_id: NEW_RUN, status: "running" }), NEW_RUN],
    [{ body: "" }, RUN],
    [{ body: "<p>done</p>" }, RUN],
    [data(null), RUN],
  ] as const) {
    const { result, sent } = await decideAt({ create: [refused(status)], resume: [reply, true] });
    expect(result).toMatchObject({ runId });
    expect(sent).toEqual(["runs", "resume"]);
  }
});

test.each(STATUSES)("both ways are refused with %d: the run keeps waiting, and it is said", async (status) => {
  const { result, sent } = await decideAt({ create: [refused(status)], resume: [refused(status)] });
  expect(result).toMatchObject({ kind: "unsupported", message: expect.stringContaining("keeps waiting") });
  expect(sent).toEqual(["runs", "resume"]);
});

test.each([0, 100, 4_000])(
  "decided elsewhere while lists lag by %d ms: a conflict is not sent the other way",
  async (lagMs) => {
    const service: Service = { create: [refused(409)], resume: [accepted(), true], decidedElsewhere: true, lagMs };
    const { result, sent } = await decideAt(service);
    expect(result).toMatchObject({ kind: "conflict" });
    expect(sent).toEqual(["runs"]);
  },
);

test.each([401, 402, 403, 429])("a refusal with %d is none of the way: nothing else is sent", async (status) => {
  const { sent, result } = await decideAt({ create: [refused(status)], resume: [accepted(), true] });
  expect(result).toBeInstanceOf(ExecutionFailure);
  expect(sent).toEqual(["runs"]);
});

const LOST: [string, Reply | ExecutionFailure][] = [
  ["a broken connection", lost()],
  ["an answer that never comes", { afterMs: Number.POSITIVE_INFINITY }],
  ["HTTP 500", refused(500)],
  ["HTTP 503", refused(503)],
  ["HTTP 408", refused(408)],
];

test.each(LOST)("%s: the decision is never sent again, whether it was taken or not", async (_, reply) => {
  for (const [taken, lagMs, kind] of [
    [true, 0, "conflict"],
    [true, 2_000, "conflict"],
    [true, 600_000, "unknown_outcome"],
    [false, 0, "unknown_outcome"],
  ] as const) {
    const { result, sent } = await decideAt({ create: [reply, taken], resume: [accepted(), true], lagMs });
    expect(result, `${taken} ${lagMs}`).toMatchObject({ kind });
    expect(sent).toEqual(["runs"]);
  }
});

test.each(LOST)("%s when the run itself is resumed: not sent again either", async (_, reply) => {
  const { result, sent } = await decideAt({ create: [refused(404)], resume: [reply, true], lagMs: 600_000 });
  expect(result).toMatchObject({ kind: "unknown_outcome" });
  expect(sent).toEqual(["runs", "resume"]);
});

test.each<[string, Reply]>([
  ["empty", { status: 202, body: "" }],
  ["HTML", { status: 200, body: "<html>" }],
  ["of another type", { status: 200, body: { data: [7] } }],
  ["too large to be read", { status: 200, body: `{"data":${`[${"[],".repeat(3_000_000)}[]]`}}` }],
])("a success whose answer is %s was taken, and nothing else is sent", async (_, reply) => {
  const { result, sent } = await decideAt({ create: [reply, true], resume: [accepted(), true] });
  expect(result).toMatchObject({ runId: RUN });
  expect(sent).toEqual(["runs"]);
});

test("a run of a deployment that is not named is resumed itself", async () => {
  const ambient = new VirtualAmbient(1);
  const transport = new FakeTransport(ambient);
  transport
    .on(`GET /runs/${RUN}`, () => data({ id: RUN, deployment_id: 7.5, status: "awaiting_approval" }))
    .on(`GET /runs/${RUN}/pending_approvals`, () => ({
      body: `{"data":{"status":"awaiting_approval","checkpoint_id":"c1","pending_approvals":[${SHOWN}]}}`,
    }))
    .on(`POST /runs/${RUN}/resume`, () => accepted());
  const approvals = new ApprovalDesk(new SerenClient(transport, ambient));
  const shown = await ambient.runUntil(approvals.checkpoint(RUN));
  expect(await ambient.runUntil(approvals.decide(shown, () => "reject"))).toMatchObject({ runId: RUN });
  expect(transport.to(`POST /runs/${RUN}/resume`).map(({ body }) => body)).toEqual([
    { resume_checkpoint_id: "c1", approval_decisions: [{ id: "a", decision: "reject" }] },
  ]);
});

test("a waiting run whose requests come late is waited for, and one that never shows them is said to be so", async () => {
  for (const lateMs of [1_000, Number.POSITIVE_INFINITY]) {
    const ambient = new VirtualAmbient(1);
    const begun = ambient.now();
    const transport = new FakeTransport(ambient);
    transport
      .on(`GET /runs/${RUN}`, () => data({ id: RUN, deployment_id: DEPLOYMENT, status: "awaiting_approval" }))
      .on(`GET /runs/${RUN}/pending_approvals`, () => ({
        body: `{"data":{"status":"awaiting_approval","checkpoint_id":"c1","pending_approvals":[${ambient.now() - begun < lateMs ? "" : SHOWN}]}}`,
      }));
    const approvals = new ApprovalDesk(new SerenClient(transport, ambient));
    const found = await ambient.runUntil(approvals.checkpoint(RUN).catch(asFailure));
    if (lateMs === 1_000) expect(found).toMatchObject({ requests: [{ tool: "pay" }] });
    else expect(found).toMatchObject({ message: expect.stringContaining("does not say what it asks for") });
  }
});

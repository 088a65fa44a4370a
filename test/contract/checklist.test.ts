/**
 * What a client of the published API has to get right, one test a line of the list: request bodies, frames, reconnecting,
 * reconciling, statuses, errors, uploads. The tests beside each module go deeper; these go through the whole client.
 */

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { ApprovalDesk } from "../../src/core/account/approvals.ts";
import { generalAgentTarget } from "../../src/core/index.ts";
import { BundleBodySchema, InboxDecisionBodySchema, ResumeBodySchema } from "../../src/local/handlers/body-schemas.ts";
import { SerenClient } from "../../src/seren/index.ts";
import { deploymentBody } from "../../src/seren/mapping/requests.ts";
import { Stopped } from "../../src/support/abort.ts";
import type { FailureKind } from "../../src/support/failure.ts";
import { createRedactor } from "../../src/support/redact.ts";
import { data } from "../support/in-process/fake-transport.ts";
import { Calls } from "../support/in-process/local-calls.ts";
import { OpenApi, openApiPresent } from "../support/in-process/openapi.ts";
import { PATIENT } from "../support/in-process/patient.ts";
import { clientHarness } from "../unit/seren/client/harness.ts";
import { DEPLOYMENT, OTHER_RUN, RUN, record, text } from "../unit/seren/follow/rows.ts";
import { control, END, frame, RunService, stream } from "../unit/seren/follow/run-service.ts";
import { httpHarness } from "../unit/seren/http/http-server.ts";
import { ScriptedRun } from "./scripted-run.ts";

const ONE = text(1, "one ");
const TWO = text(2, "two ");
const THREE = text(3, "three");
const done = (sequence: number) => ({ sequence_number: sequence, type: "done", status: "ok" });

test.skipIf(!openApiPresent)("1. composed bodies are valid, and what the document refuses is refused", async () => {
  const api = new OpenApi();
  const fits = (method: string, path: string, body: unknown) => api.body(method, path)(body);
  const target = generalAgentTarget();
  const create = target.kind === "workload" ? deploymentBody(await target.create()) : undefined;
  const run = new ScriptedRun();
  await run.live({ conversationId: "talk-1", operation: "chat", inputs: { a: 1 } });
  const [sent] = run.harness.transport.to("POST /deployments/*/runs");
  const desk = clientHarness();
  const pending_approvals = [{ id: "ap-1", tool: "pay", args: {} }];
  desk.transport
    .on("POST /deployments/*/runs", () => data({ status: "queued", run_id: OTHER_RUN }))
    .on("GET /runs/*", () => data(record({ status: "awaiting_approval" })))
    .on("GET /runs/*/pending_approvals", () =>
      data({ run_id: RUN, status: "awaiting_approval", checkpoint_id: "cp-7", pending_approvals }),
    );
  const approvals = new ApprovalDesk(desk.client);
  const shown = await desk.ambient.runUntil(approvals.checkpoint(RUN));
  const goesOn = await desk.ambient.runUntil(approvals.decide(shown, () => "reject"));
  expect(goesOn.runId).toBe(OTHER_RUN);
  expect(desk.transport.to("POST /deployments/*/runs")[0]?.body).toEqual({
    async: true,
    resume_checkpoint_id: "cp-7",
    approval_decisions: [{ id: "ap-1", decision: "reject" }],
  });
  expect(fits("POST", "/deploy", create)).toBe(true);
  expect(fits("POST", "/deployments/{id}/runs", sent?.body)).toBe(true);
  expect(fits("POST", "/deployments/{id}/runs", desk.transport.to("POST /deployments/*/runs")[0]?.body)).toBe(true);
  const workload = create?.workload;
  for (const wrong of [
    { surprise: 1 },
    { workload: { ...workload, surprise: 1 } },
    { workload: { ...workload, limits: null } },
    { workload: { ...workload, publisher_only: null } },
    { workload: { ...workload, external_databases: null } },
  ]) {
    expect(fits("POST", "/deploy", { ...create, ...wrong }), JSON.stringify(wrong)).toBe(false);
  }
  // The client composes no bundle, resume or inbox bodies; the embedded service takes and refuses them as documented.
  const bundle = { sha256: "a".repeat(64), size_bytes: 1, source_kind: "tar_gz" };
  for (const [path, schema, good, bad] of [
    ["/deployment-bundles", BundleBodySchema, bundle, { ...bundle, surprise: 1 }],
    ["/runs/{run_id}/resume", ResumeBodySchema, { approval_decisions: [], resume_checkpoint_id: "cp" }, { message: 1 }],
    ["/inbox/approvals/{entry_id}/decide", InboxDecisionBodySchema, { decision: "deny" }, { decision: "reject" }],
  ] as const) {
    expect([fits("POST", path, good), schema.safeParse(good).success], path).toEqual([true, true]);
    expect([fits("POST", path, bad), schema.safeParse(bad).success], path).toEqual([false, false]);
  }
});

test("2. frames: cut at every byte, CRLF, comments, several data lines, unknown names, no id, a plain error", async () => {
  const wire = Buffer.from(
    [
      ": hello\r\n\r\n",
      `id: 1\r\nevent: run.event\r\ndata: ${JSON.stringify(text(1, "Grüße ")).replace(",", "\r\ndata: ,")}\r\n\r\n`,
      "event: run.metrics\ndata: {}\n\n",
      `: between\ndata: ${JSON.stringify(TWO)}\n\n`, // neither name nor id: its own number counts
      `event: run.event\ndata: ${JSON.stringify(THREE)}\n\n`,
      "event: error\ndata: the model fell over\n\n",
    ].join(""),
  );
  for (let cut = 0; cut <= wire.length; cut += 1) {
    const service = new RunService().opens(stream(wire.subarray(0, cut), wire.subarray(cut), "end"));
    service.state = () => ({ ...STATE, status: "failed", terminal: true, latest_sequence: 3 });
    const { events, end } = await service.follow();
    expect(events, `cut at ${cut}`).toEqual([text(1, "Grüße "), TWO, THREE]);
    expect(end, `cut at ${cut}`).toEqual({ complete: false, status: "failed", streamError: "the model fell over" });
  }
  // A frame without an id does not take over the last one: it is not passed over as already seen.
  const unnumbered = { type: "text", text: "x" };
  const service = new RunService().opens(stream(frame(1, ONE), `data: ${JSON.stringify(unnumbered)}\n\n`, END));
  expect((await service.follow()).events).toEqual([ONE, unnumbered]);
});

test("3. reconnecting after the end of every frame: cursor sent, overlap not doubled, a gap filled from the log", async () => {
  const frames = [frame(1, ONE), frame(2, TWO), frame(3, THREE)];
  for (let count = 0; count <= frames.length; count += 1) {
    const overlapping = frames.slice(Math.max(0, count - 1));
    const service = new RunService().opens(
      stream(...frames.slice(0, count), "end"),
      stream(...overlapping, control("replay_complete"), END),
    );
    expect((await service.follow()).events, `after ${count}`).toEqual([ONE, TWO, THREE]);
    expect(service.cursors).toEqual([undefined, count === 0 ? undefined : String(count)]);
  }
  const run = new ScriptedRun();
  run.openings = [stream(frame(1, ONE), frame(3, THREE), END)];
  run.record = { status: "completed", output_events: [ONE, TWO, THREE, done(4)] };
  expect((await run.live()).outcome?.text).toBe("one two three");
});

test.each<[string, string[], object, string, string[]]>([
  ["equal", [frame(1, ONE)], { output_events: [ONE, done(2)] }, "one ", ["one "]],
  ["a suffix", [frame(1, ONE)], { output_events: [ONE, TWO, done(3)] }, "one two ", ["one ", "two "]],
  ["divergent", [frame(1, ONE)], { output_events: [text(1, "other"), done(2)] }, "other", ["one "]],
  ["only process output", [], { output_events: null, output: "printed" }, "printed", ["printed"]],
  [
    "legacy snapshots",
    [
      control("run", { data: { status: "running", output_events: [ONE] } }),
      control("run", { data: { status: "completed", output_events: [ONE, TWO] } }),
    ],
    { output_events: [ONE, TWO, done(3)] },
    "one two ",
    ["one ", "two "],
  ],
])("4. the final record against the stream: %s", async (_, frames, shown, whole, pieces) => {
  const run = new ScriptedRun();
  run.openings = [stream(...frames, END)];
  run.record = { status: "completed", ...shown };
  const lived = await run.live();
  expect(lived.outcome).toMatchObject({ kind: "completed", text: whole });
  expect(lived.pieces).toEqual(pieces);
});

test("5. every status, including an unknown one; approvals; cancel before and after the run has an id", async () => {
  for (const [status, kind] of [
    ["completed", "completed"],
    ["failed", "failed"],
    ["error", "failed"],
    ["cancelled", "cancelled"],
    ["canceled", "cancelled"],
    ["timeout", "timed_out"],
    ["blocked", "blocked"],
    ["awaiting_approval", "awaiting_approval"],
  ] as const) {
    const run = new ScriptedRun();
    run.record = { status, output_events: [] };
    expect((await run.live()).outcome?.kind, status).toBe(kind);
  }
  for (const going of ["queued", "running", "hibernating"]) {
    const run = new ScriptedRun();
    let looks = 0;
    run.record = () => ({ status: looks++ < 4 ? going : "completed", output_events: [ONE, done(2)] });
    expect((await run.live()).outcome, going).toMatchObject({ kind: "completed", text: "one " });
    expect(looks).toBeGreaterThan(4);
  }
  // The decision may go on in the same run or in a new one: both ways of the embedded service.
  for (const approvalResume of ["same_run", "new_run"] as const) {
    const calls = new Calls({ approvalResume });
    const id = await calls.deploy();
    const first = await calls.start(id, [{ text: "a" }, { approve: "pay" }, { text: "b" }]);
    await calls.ambient.advanceUntilIdle();
    const { checkpoint_id, pending_approvals } = (await calls.get(`/runs/${first}/pending_approvals`)).body.data;
    const decided = await calls.post(`/deployments/${id}/runs`, {
      resume_checkpoint_id: checkpoint_id,
      approval_decisions: [{ id: pending_approvals[0].id, decision: "approve" }],
    });
    expect(decided.body.data.run_id === first, approvalResume).toBe(approvalResume === "same_run");
  }
  const early = new ScriptedRun();
  early.record = { status: "running" };
  early.create = () => {
    early.stop.abort(new Stopped("host")); // while the call is on its way
    return data({ status: "queued", run_id: RUN });
  };
  expect((await early.live()).outcome).toMatchObject({ kind: "cancelled", stoppedBy: "host" });
  expect(early.harness.transport.to("POST /runs/*/cancel").length).toBeGreaterThan(0);
  const late = new ScriptedRun();
  late.record = { status: "running" };
  late.openings = [stream(frame(1, ONE))];
  expect((await late.live({}, "queued")).outcome).toMatchObject({ kind: "cancelled", stoppedBy: "host" });
  expect(late.harness.transport.to("POST /runs/*/cancel").length).toBeGreaterThan(0);
});

test("6. errors of every documented shape, edge pages, no body, too large a body, and no secret in any", async () => {
  const figures = { minimumRequired: "0.25", currentBalance: "0.03" };
  const extra = { requiredAmount: "0.25", availableBalance: "0.03", deficit: "0.22" };
  for (const [status, body, kind, said] of [
    [400, { error: "BadRequest", message: "cron_schedule is required" }, "invalid_input", "cron_schedule is required"],
    [400, { message: "not good" }, "invalid_input", "not good"],
    [400, { detail: "not good" }, "invalid_input", "not good"],
    [422, { error: "not good" }, "invalid_input", "not good"],
    [
      401,
      { error: "invalid_token", error_description: "expired" },
      "unauthorized",
      "did not accept the API key: expired",
    ],
    [403, { error: "geo", message: "not here", publisher: "seren-cloud", proxy_region: "eu" }, "forbidden", "not here"],
    [409, { error: "x", message: "choose one", provider_id: "p", connections: [] }, "conflict", "choose one"],
    [403, { error: "otp_required", scope: "org", reason: "x", message: "code" }, "forbidden", "one-time code"],
    [400, "Deployment is stopped", "invalid_input", "Deployment is stopped"],
    [400, JSON.stringify("a JSON string"), "invalid_input", "a JSON string"],
    [402, { x402Version: 2, accepts: [{ scheme: "exact", amount: "25" }] }, "payment_required", "payment"],
    [402, { x402Version: 1, error: "pay", accepts: [{ maxAmountRequired: "250000" }] }, "payment_required", "250000"],
    [402, { error: "insufficient_credit", ...figures }, "payment_required", "required 0.25, available 0.03"],
    [402, { payment_response: { accepts: [{ scheme: "prepaid", extra }] } }, "payment_required", "missing 0.22"],
    [404, "", "not_found", "does not exist"],
    [429, "", "rate_limited", "rate limit"],
    [501, "", "unsupported", "does not offer"],
  ] as [number, unknown, FailureKind, string][]) {
    const run = new ScriptedRun();
    run.create = () => ({ status, body });
    const { failure } = await run.live();
    expect(failure?.kind, `${status} ${JSON.stringify(body)}`).toBe(kind);
    expect(failure?.message).toContain(said);
    expect(failure?.message).not.toMatch(/[<>]/);
  }
  const edge = clientHarness();
  edge.transport.on("GET /runs/*", () => ({ status: 502, body: "<html><body><h1>502 Bad Gateway</h1></body></html>" }));
  await expect(edge.ambient.runUntil(edge.client.getRun(RUN, PATIENT))).rejects.toMatchObject({
    kind: "unavailable",
    message: "Seren Cloud is not available right now (HTTP 502)",
  });
  const oversized = `{"data":"${"x".repeat(2_000)}"}`;
  await using server = await httpHarness((response) => void response.end(oversized), { maxBodyBytes: 1_000 });
  await expect(new SerenClient(server.http, server.ambient).getRun(RUN, PATIENT)).rejects.toMatchObject({
    kind: "contract",
  });
  const signed = "https://store.invalid/a?X-Amz-Signature=5ecret&part=1";
  expect(createRedactor().redact(`key seren_Live0123456789 for ${signed}`)).toBe(
    "key [redacted] for https://store.invalid/a?X-Amz-Signature=[redacted]&part=1",
  );
});

test("7. uploads of the embedded service: deduplicated, headers as announced, a failed or late one registered again", async () => {
  const bytes = new Uint8Array([31, 139, 8]);
  const bundle = { sha256: createHash("sha256").update(bytes).digest("hex"), size_bytes: 3, source_kind: "tar_gz" };
  const calls = new Calls({ origin: "http://127.0.0.1:4711" });
  const register = async () => (await calls.post("/deployment-bundles", bundle)).body.data;
  const put = async (to: { upload_url: string; upload_headers: Record<string, string> }, more: object = {}) => {
    const { host: _, ...headers } = to.upload_headers;
    const path = to.upload_url.replace("http://127.0.0.1:4711", "");
    const reply = await calls.cloud.handle({ method: "PUT", path, headers: { ...headers, ...more }, body: bytes });
    return reply.drop ? "dropped" : reply.status;
  };
  const first = await register();
  expect(first.upload_required).toBe(true);
  expect(await put(first, { authorization: "Bearer x" })).toBe(400);
  expect((await calls.post(`/deployment-bundles/${first.deployment_bundle_id}/complete`)).status).toBe(400);
  await calls.ambient.advance(15 * 60 * 1000);
  expect(await put(first)).toBe(403);
  const again = await register();
  expect(again.deployment_bundle_id).toBe(first.deployment_bundle_id);
  expect(await put(again)).toBe(200);
  expect((await calls.post(`/deployment-bundles/${again.deployment_bundle_id}/complete`)).status).toBe(200);
  expect(await register()).toMatchObject({ upload_required: false });
});

test("7. only the published contract is spoken: every base leads to the publisher's prefix", () => {
  for (const base of [undefined, "https://example.com", "https://example.com/publishers/seren-cloud/"]) {
    expect(readConfig({ SEREN_API_BASE: base }).apiBase()).toMatch(/^https:\/\/[a-z.]+\/publishers\/seren-cloud$/);
  }
});

const STATE = {
  run_id: RUN,
  deployment_id: DEPLOYMENT,
  phase: "running",
  pending_approval_count: 0,
};

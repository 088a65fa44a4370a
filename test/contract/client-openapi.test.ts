/** What our client asks for, against the published OpenAPI document, where it lies next to this checkout. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import {
  ApprovalDecisionsSchema,
  CreateDeploymentSchema,
  CreateRunSchema,
  DeploymentSummarySchema,
  InboxDecisionSchema,
  PendingRunSchema,
  RegisterBundleSchema,
  RunInvocationSchema,
  RunLiveStateSchema,
  RunPendingApprovalsSchema,
  RunRecordSchema,
} from "#protocols/seren-cloud";
import type { SerenClient } from "../../src/seren/client/client.ts";
import { startRun } from "../../src/seren/start/start-run.ts";
import { data, type Reply, type Sent } from "../support/in-process/fake-transport.ts";
import { OPENAPI_PATH, OpenApi, openApiPresent } from "../support/in-process/openapi.ts";
import { PATIENT } from "../support/in-process/patient.ts";
import { clientHarness } from "../unit/seren/client/harness.ts";
import { DEPLOYMENT, deployment, RUN, record, state } from "../unit/seren/follow/rows.ts";

const signal = new AbortController().signal;
const page = { limit: 5, offset: 5, status: "running", conversationId: "talk-1" };
const run = { requestId: "c-1", message: "hi", conversationId: "talk-1", inputs: { a: [1] } };
const RESUME = { resume: { checkpointId: "cp-7", decisions: [{ id: "ap-1", decision: "approve" as const }] } };
const LLM = { type: "llm" as const, bundle: { instructions: [{ kind: "skill" as const, content: "Be brief." }] } };
const deploy = { mode: "job" as const, skill_slug: "triage", name: "triage-1", workload: { execution: LLM } };

const CALLS: [string, (client: SerenClient) => Promise<unknown>, Reply][] = [
  ["GET /deployments", (client) => client.listDeployments(PATIENT), data([])],
  ["POST /deploy", (client) => client.deploy(deploy), data(deployment())],
  ["GET /deployments/*", (client) => client.getDeployment(DEPLOYMENT, PATIENT), data(deployment())],
  [
    "GET /deployments/*/spend",
    (client) => client.getSpend(DEPLOYMENT, PATIENT),
    data({ total_cost_usd: "0.10", compute_cost_usd: "0.04", inference_cost_usd: "0.06", run_count: 2 }),
  ],
  ["DELETE /deployments/*", (client) => client.deleteDeployment(DEPLOYMENT, PATIENT), data({ status: "deleted" })],
  ["POST /deployments/*/stop", (client) => client.stopDeployment(DEPLOYMENT, PATIENT), data({ status: "stopped" })],
  [
    "POST /deployment-bundles",
    (client) => client.registerBundle({ sha256: "a".repeat(64), sizeBytes: 691 }, PATIENT),
    data({ deployment_bundle_id: DEPLOYMENT, upload_required: false }),
  ],
  [
    "POST /deployment-bundles/*/complete",
    (client) => client.completeBundle(DEPLOYMENT, PATIENT),
    data({ id: DEPLOYMENT }),
  ],
  ["POST /deployments/*/start", (client) => client.startDeployment(DEPLOYMENT, PATIENT), data({ status: "running" })],
  [
    "POST /deployments/*/runs",
    (client) => startRun(client, DEPLOYMENT, run, { signal }),
    data({ status: "queued", run_id: RUN }),
  ],
  [
    "POST /deployments/*/runs",
    (client) => client.createRun(DEPLOYMENT, RESUME),
    data({ status: "queued", run_id: RUN }),
  ],
  ["GET /deployments/*/runs", (client) => client.listRunPage(DEPLOYMENT, page, PATIENT), data([])],
  ["GET /runs", (client) => client.listRunPage(undefined, page, PATIENT), data([])],
  ["GET /runs/*", (client) => client.getRun(RUN, PATIENT), data(record())],
  ["GET /runs/*/state", (client) => client.getRunState(RUN, PATIENT), data(state())],
  ["GET /runs/*/events", (client) => client.listRunEvents(RUN, 3, PATIENT), data([])],
  ["GET /runs/*/artifacts", (client) => client.listRunArtifacts(RUN, PATIENT), data([])],
  [
    "GET /runs/*/pending_approvals",
    (client) => client.approvals.ofRun(RUN, PATIENT),
    data({ run_id: RUN, status: "x" }),
  ],
  ["GET /pending_approvals", (client) => client.approvals.waitingRuns(PATIENT), data([])],
  ["GET /inbox/approvals", (client) => client.approvals.inboxPage("next", PATIENT), data({ entries: [] })],
  [
    "POST /inbox/approvals/*/decide",
    (client) => client.approvals.decideInInbox("tool:a b:c/d", { decision: "deny" }),
    data({ entry_id: "tool:a b:c/d", decision_state: "denied" }),
  ],
  ["POST /runs/*/resume", (client) => client.resumeRun(RUN), data(record())],
  ["POST /runs/*/resume", (client) => client.approvals.resumeInPlace(RUN, RESUME.resume), data(record())],
  ["POST /runs/*/cancel", (client) => client.cancelRun(RUN), data(record())],
];

/** Our own schema of a body, by its place in the document. */
const BODIES: Record<string, z.ZodType> = {
  "/deploy": CreateDeploymentSchema,
  "/deployment-bundles": RegisterBundleSchema,
  "/deployments/{id}/runs": CreateRunSchema,
  "/inbox/approvals/{entry_id}/decide": InboxDecisionSchema,
  "/runs/{run_id}/resume": z.union([ApprovalDecisionsSchema, z.strictObject({})]),
};

const NAME = `the published document${openApiPresent ? "" : ` (skipped: no ${OPENAPI_PATH})`}`;

describe.skipIf(!openApiPresent)(NAME, () => {
  const api = openApiPresent ? new OpenApi() : undefined;
  const operationOf = ({ method, path }: Sent) => {
    const template = api?.templateOf(path) ?? "";
    return { template, operation: api?.operation(method, template) };
  };

  test.each(CALLS)("knows %s, its parameters and its body", async (route, call, reply) => {
    const { ambient, transport, client } = clientHarness();
    transport.on(route, () => reply);
    await ambient.runUntil(call(client));
    const [sent] = transport.sent;
    if (!sent) throw new Error("nothing was sent");
    const { template, operation } = operationOf(sent);
    expect(operation, `${sent.method} ${sent.path}`).toBeDefined();
    const known = operation?.parameters?.filter((one) => one.in === "query").map(({ name }) => name) ?? [];
    expect(known).toEqual(expect.arrayContaining([...sent.query.keys()]));
    if (sent.body === undefined) return;
    const validate = api?.body(sent.method, template);
    expect(validate?.(sent.body), JSON.stringify(validate?.errors)).toBe(true);
    expect(BODIES[template]?.safeParse(sent.body), "our own schema").toMatchObject({ success: true });
  });

  test("knows the stream", async () => {
    const { transport, client } = clientHarness();
    transport.onStream("GET /runs/*/stream", () => ({}));
    (await client.openRunStream(RUN, "7", signal)).close();
    const [sent] = transport.sent;
    expect(sent && operationOf(sent).operation).toBeDefined();
  });

  test("refuses what our schemas refuse: unknown members and null where none may be", () => {
    const validate = api?.body("POST", "/deploy");
    expect(validate?.(deploy)).toBe(true);
    for (const wrong of [
      { ...deploy, surprise: 1 },
      { ...deploy, workload: { ...deploy.workload, surprise: 1 } },
      { ...deploy, workload: { ...deploy.workload, limits: null } },
      { ...deploy, workload: { ...deploy.workload, publisher_only: null } },
      { ...deploy, workload: { ...deploy.workload, external_databases: null } },
    ]) {
      expect(validate?.(wrong), JSON.stringify(wrong)).toBe(false);
    }
  });

  test.each([
    ["CloudDeploymentSummary", DeploymentSummarySchema],
    ["CloudDeploymentRunInvocationResponse", RunInvocationSchema],
    ["CloudDeploymentRunEvent", RunRecordSchema],
    ["CloudRunLiveState", RunLiveStateSchema],
    ["CloudRunPendingApprovalsResponse", RunPendingApprovalsSchema],
    ["CloudPendingApprovalRun", PendingRunSchema],
  ])("promises every member of %s that we insist on", (name, ours) => {
    const promised: string[] = JSON.parse(readFileSync(OPENAPI_PATH, "utf8")).components.schemas[name].required;
    const wanted = Object.entries(ours.shape).filter(([, member]) => !member.safeParse(undefined).success);
    expect(wanted.length).toBeGreaterThan(0);
    expect(promised).toEqual(expect.arrayContaining(wanted.map(([member]) => member)));
  });
});

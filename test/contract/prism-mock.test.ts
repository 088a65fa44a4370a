/** What Prism makes up from the published document, read by our schemas and by our client. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import {
  DeploymentStatusSchema,
  DeploymentSummarySchema,
  EnvelopeSchema,
  PendingRunSchema,
  RunArtifactSchema,
  RunEventEnvelopeSchema,
  RunInvocationSchema,
  RunLiveStateSchema,
  RunPendingApprovalsSchema,
  RunRecordSchema,
} from "#protocols/seren-cloud";
import { createHttp } from "../../src/seren/http/http-transport.ts";
import { decodeRunEvent, SerenClient } from "../../src/seren/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { Secret } from "../../src/support/secret.ts";
import { DEPLOY } from "../support/in-process/local-calls.ts";
import { PATIENT } from "../support/in-process/patient.ts";
import { DEPLOYMENT, RUN } from "../unit/seren/follow/rows.ts";
import { obstacle, type Prism, startPrism } from "./tools.ts";

/** Made-up answers an operation is asked for; each is another one. */
const DRAWS = 15;

const OPERATIONS: [route: string, schema: z.ZodType, status: number, body?: object][] = [
  ["GET /deployments", z.array(DeploymentSummarySchema), 200],
  ["POST /deploy", DeploymentSummarySchema, 202, DEPLOY],
  [`GET /deployments/${DEPLOYMENT}`, DeploymentSummarySchema, 200],
  [`DELETE /deployments/${DEPLOYMENT}`, DeploymentStatusSchema, 200],
  [`POST /deployments/${DEPLOYMENT}/start`, DeploymentStatusSchema, 200],
  [`POST /deployments/${DEPLOYMENT}/runs`, RunInvocationSchema, 200, { message: "hi" }],
  [`POST /deployments/${DEPLOYMENT}/runs`, RunInvocationSchema, 202, { message: "hi", async: true }],
  [`GET /deployments/${DEPLOYMENT}/runs`, z.array(RunRecordSchema), 200],
  ["GET /runs", z.array(RunRecordSchema), 200],
  [`GET /runs/${RUN}`, RunRecordSchema, 200],
  [`GET /runs/${RUN}/state`, RunLiveStateSchema, 200],
  [`GET /runs/${RUN}/events`, z.array(RunEventEnvelopeSchema), 200],
  [`GET /runs/${RUN}/artifacts`, z.array(RunArtifactSchema), 200],
  [`GET /runs/${RUN}/pending_approvals`, RunPendingApprovalsSchema, 200],
  ["GET /pending_approvals", z.array(PendingRunSchema), 200],
  [`POST /runs/${RUN}/cancel`, RunRecordSchema, 200],
];

describe.skipIf(obstacle !== "")(`Prism's mock of the published document${obstacle}`, () => {
  let prism: Prism;
  beforeAll(async () => {
    prism = await startPrism("mock");
  });
  afterAll(() => prism?.stop());

  async function ask(route: string, prefer: string, body?: object) {
    const [method = "", path = ""] = route.split(" ");
    const headers = { authorization: "Bearer seren_test", "content-type": "application/json", prefer };
    const response = await fetch(prism.origin + path, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: EnvelopeSchema.parse(await response.json()) };
  }

  test.each(OPERATIONS)("%s", async (route, schema, status, body) => {
    const draws = Array.from({ length: DRAWS }, () => `code=${status}, dynamic=true`);
    for (const prefer of [`code=${status}`, ...draws]) {
      const answer = await ask(route, prefer, body);
      expect(answer.status).toBe(status);
      const parsed = schema.safeParse(answer.body.data);
      expect(parsed.error?.issues ?? [], JSON.stringify(answer.body.data)).toEqual([]);
      // Loose schemas keep what they do not know.
      expect(parsed.data).toEqual(answer.body.data);
    }
  });

  test("run events of every kind that it generates can be decoded", async () => {
    const types = new Set<string>();
    for (let draw = 0; draw < 40; draw += 1) {
      const { body } = await ask(`GET /runs/${RUN}/events`, "code=200, dynamic=true");
      for (const row of z.array(z.looseObject({ type: z.string() })).parse(body.data)) {
        types.add(row.type);
        // The document gives an artifact's `kind` two meanings that exclude each other, so what is drawn for it is neither.
        if (row.type !== "artifact") expect(decodeRunEvent(row), JSON.stringify(row)).toBeDefined();
      }
    }
    expect(types.size).toBeGreaterThan(5);
  });

  test("the client reads every answer and drops no row", async () => {
    const http = createHttp({
      baseUrl: prism.origin,
      apiKey: () => new Secret("seren_test"),
      userAgent: "test",
      ambient: realAmbient,
    });
    const client = new SerenClient(http, realAmbient);
    const whole = { rows: [expect.anything()], unreadable: 0 };
    const listed = await client.listDeployments(PATIENT);
    expect(listed).toEqual(whole);
    const [{ id = "" } = {}] = listed.rows; // the mock gives every id this value, and another one is refused
    expect(await client.listRunPage(DEPLOYMENT, {}, PATIENT)).toMatchObject({ runs: [{}], unreadable: 0 });
    expect(await client.listRunPage(undefined, {}, PATIENT)).toMatchObject({ runs: [{}], unreadable: 0 });
    expect(await client.approvals.waitingRuns(PATIENT)).toEqual(whole);
    expect(await client.listRunArtifacts(RUN, PATIENT)).toEqual(whole);
    expect((await client.listRunEvents(RUN, 0, PATIENT)).events).toHaveLength(1);
    expect(await client.getDeployment(id, PATIENT)).toMatchObject({ mode: "always_on" });
    expect(await client.getRun(id, PATIENT)).toMatchObject({ status: "string" });
    // The mock's states and approvals name a run "string", and another run than the one asked for is refused.
    await expect(client.getRunState(id, PATIENT)).rejects.toMatchObject({ kind: "contract" });
    await expect(client.approvals.ofRun(id, PATIENT)).rejects.toMatchObject({ kind: "contract" });
    expect(await client.cancelRun(id)).toMatchObject({ status: "string" });
    expect(await client.createRun(DEPLOYMENT, { message: "hi" })).toMatchObject({ invocation: { status: "string" } });
    await client.startDeployment(DEPLOYMENT, PATIENT);
    await client.deleteDeployment(DEPLOYMENT, PATIENT);
    await client.close();
  });
});

/**
 * The embedded service against the published OpenAPI document, where it lies next to this checkout: what it answers,
 * what it streams, and which bodies it takes.
 */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  BundleBodySchema,
  CreateRunBodySchema,
  InboxDecisionBodySchema,
  ResumeBodySchema,
} from "../../src/local/handlers/body-schemas.ts";
import { ROUTES } from "../../src/local/handlers/routes.ts";
import { DeployBodySchema } from "../../src/local/model/deploy-schema.ts";
import { Calls, DEPLOY } from "../support/in-process/local-calls.ts";
import { OPENAPI_PATH, OpenApi, openApiPresent } from "../support/in-process/openapi.ts";
import { FULL_DEPLOY, FULL_RUN, mutationsOf, SCHEMA_ONLY_DEPLOY } from "./local-bodies.ts";

/** Calls whose JSON answers are checked against the document on the way. */
class CheckedCalls extends Calls {
  readonly api = new OpenApi();
  readonly seen = new Set<string>();

  override async send(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
    const answer = await super.send(method, path, body, headers);
    const [bare = ""] = path.split("?");
    if (bare.startsWith("/local-uploads/")) return answer;
    const template = this.api.templateOf(bare) ?? "";
    const validate = this.api.response(method, template, answer.status);
    const name = `${method} ${template} ${answer.status}`;
    this.seen.add(name);
    if (answer.status < 300) {
      expect(validate, `${name} is not documented`).toBeDefined();
      // An artifact event's own `kind` overwrites the envelope's, which the document's enumeration does not allow.
      const data = /events$/.test(bare) ? { ...answer.body, data: answer.body.data.filter(isNoArtifact) } : answer.body;
      validate?.(data);
      expect(validate?.errors ?? [], name).toEqual([]);
    } else expect(answer.body, name).toEqual({ error: expect.any(String), message: expect.any(String) });
    return answer;
  }
}

const isNoArtifact = (event: { type?: string }) => event.type !== "artifact";

describe.skipIf(!openApiPresent)(
  `the embedded service and the document${openApiPresent ? "" : ` (skipped: no ${OPENAPI_PATH})`}`,
  () => {
    test("every answer is documented", async () => {
      const calls = new CheckedCalls({ deployMs: 10 });
      await calls.post("/deploy", FULL_DEPLOY);
      const job = await calls.deploy();
      const service = await calls.deploy({ mode: "always_on", name: null, visibility: "opaque" });
      await calls.deploy({ mode: "cron", cron_schedule: "0 9 * * 1-5", cron_timezone: "Europe/Berlin" });
      await calls.get("/deployments");
      await calls.ambient.advance(5);
      await calls.get(`/deployments/${job}`);
      await calls.post(`/deployments/${job}/runs`, {});
      await calls.ambient.advance(5);
      await calls.post(`/deployments/${service}/stop`);
      await calls.post(`/deployments/${service}/start`);
      await calls.post(`/deployments/${job}/stop`);
      const bytes = new Uint8Array([31, 139]);
      const bundle = { sha256: createHash("sha256").update(bytes).digest("hex"), size_bytes: 2, source_kind: "tar_gz" };
      const { data } = (await calls.post("/deployment-bundles", bundle)).body;
      const put = {
        method: "PUT",
        path: data.upload_url.replace("http://127.0.0.1", ""),
        headers: data.upload_headers,
        body: bytes,
      };
      expect(await calls.cloud.handle(put)).toMatchObject({ status: 200 });
      await calls.post(`/deployment-bundles/${data.deployment_bundle_id}/complete`);
      await calls.post("/deployment-bundles", bundle);
      const execution = { type: "code", deployment_bundle_id: data.deployment_bundle_id };
      await calls.deploy({ workload: { execution } });
      await calls.get(`/deployment-bundles/${data.deployment_bundle_id}`);

      const inline = await calls.post(`/deployments/${service}/runs`, { message: "hello", inputs: [1] });
      expect(inline.status).toBe(200);
      const run = await calls.start(job, [
        { text: "{i}", n: 3 },
        { think: "hm" },
        { tool: "search", args: { q: 1 }, result: "none", error: true },
        { artifact: { id: "a", kind: "report", title: "Report", url: "https://x.invalid/a" } },
        { error: "flaky", code: "tool_rate_limited", cause: "tool", retryable: true },
        { approve: ["pay", "ship"], reason: "money" },
        { usage: { input_tokens: 3, compute_usd: "0.1" } },
        { text: "end" },
      ]);
      const read = async () => {
        for (const base of [`/runs/${run}`, `/deployments/${job}/runs/${run}`]) {
          for (const tail of ["", "/state", "/events", "/artifacts", "/pending_approvals"])
            await calls.get(base + tail);
        }
        for (const path of [
          "/runs",
          `/deployments/${job}/runs`,
          "/pending_approvals",
          `/deployments/${job}/pending_approvals`,
        ]) {
          await calls.get(path);
        }
        await calls.get("/inbox/approvals?limit=1");
      };
      await read();
      await calls.ambient.advance(1);
      await read();
      const { checkpoint_id, pending_approvals } = (await calls.get(`/runs/${run}/pending_approvals`)).body.data;
      expect(pending_approvals).toHaveLength(2);
      const entry = (await calls.get("/inbox/approvals")).body.data.entries[0].entry_id;
      await calls.post(`/inbox/approvals/${encodeURIComponent(entry)}/decide`, { decision: "approve" });
      await calls.post(`/inbox/approvals/${encodeURIComponent(entry)}/decide`, { decision: "approve" });
      const decisions = pending_approvals.map(({ id }: { id: string }) => ({ id, decision: "approve" }));
      await calls.post(`/runs/${run}/resume`, { resume_checkpoint_id: checkpoint_id, approval_decisions: decisions });
      await calls.post(`/deployments/${job}/runs/${run}/resume`);
      await calls.ambient.advanceUntilIdle();
      await read();
      await calls.get(`/deployments/${job}/spend`);
      await calls.get(`/deployments/${service}/spend`);
      for (const base of ["/runs/", `/deployments/${job}/runs/`]) {
        await calls.post(`${base}${await calls.start(job, [{ hang: true }])}/cancel`);
      }
      await calls.start(job, [{ egress: { host: "x.invalid", port: 443, method: "GET", details: { rule: 1 } } }]);
      await calls.start(job, [{ ask: "budget_increase", payload: { usd: "1" } }]);
      await calls.ambient.advanceUntilIdle();
      const held = (await calls.get("/inbox/approvals")).body.data.entries;
      expect(held.map(({ kind }: { kind: string }) => kind).sort()).toEqual(["blocked_egress", "other"]);
      for (const { entry_id } of held) await calls.post(`/inbox/approvals/${entry_id}/decide`, { decision: "approve" });
      const interrupted = await calls.start(job, [{ interrupt: "restarted" }]);
      await calls.ambient.advanceUntilIdle();
      await calls.post(`/runs/${interrupted}/resume`);
      await calls.post(`/runs/${interrupted}/resume`);
      const blocked = await calls.start(job, [{ approve: "pay" }]);
      await calls.ambient.advanceUntilIdle();
      const open = (await calls.get(`/runs/${blocked}/pending_approvals`)).body.data;
      await calls.post(`/deployments/${job}/runs/${blocked}/resume`, {
        resume_checkpoint_id: open.checkpoint_id,
        approval_decisions: [{ id: open.pending_approvals[0].id, decision: "reject" }],
      });
      await calls.send("DELETE", `/deployments/${job}`);
      await calls.get(`/deployments/${job}`);
      await calls.post("/deploy", { mode: "job" });
      await calls.send("GET", "/runs", undefined, { authorization: "" });

      // Everything the service routes was asked for, with the success the document names.
      const missing = SURFACE.filter((name) => !calls.seen.has(name));
      expect(missing).toEqual([]);
    });

    test("every event and state on a stream is documented", async () => {
      const calls = new Calls();
      const api = new OpenApi();
      const run = await calls.start(await calls.deploy(), [
        { text: "a" },
        { think: "b" },
        { tool: "t", error: true },
        { artifact: { id: "a", kind: "report" } },
        { error: "x" },
        { approve: "pay", reason: "r" },
      ]);
      await calls.ambient.advanceUntilIdle();
      await calls.post(`/runs/${run}/cancel`);
      const frames = await calls.frames(run);
      const types = new Set<string>();
      for (const { name, data, id } of frames) {
        const value = JSON.parse(data);
        const schema = { "run.event": "CloudRunOutputEventEnvelope", "run.state": "CloudRunLiveState" }[name];
        if (name === "run.event") {
          types.add(value.type);
          expect(id).toBe(String(value.sequence_number));
        }
        if (schema === undefined || value.type === "artifact") continue;
        const validate = api.schema(schema);
        validate(value);
        expect(validate.errors ?? [], data).toEqual([]);
      }
      expect([...types].sort()).toEqual([
        "approval_wait",
        "artifact",
        "done",
        "error",
        "text",
        "thinking",
        "tool_call",
        "tool_result",
        "workflow",
      ]);
    });

    test.each(ROUTES.filter(({ operation }) => operation !== "upload"))(
      "$method $pattern is a documented path with these query parameters",
      ({ method, pattern, query = [] }) => {
        const operation = new OpenApi().operation(method, pattern);
        expect(operation).toBeDefined();
        const documented = (operation?.parameters ?? []).filter((parameter) => parameter.in === "query");
        expect([...query].sort()).toEqual(documented.map(({ name }) => name).sort());
      },
    );

    test("every documented query parameter is understood, and no other", async () => {
      const calls = new Calls();
      const api = new OpenApi();
      const id = await calls.deploy();
      const run = await calls.start(id, [{ hang: true }]);
      const values: Record<string, string> = {
        status: "queued",
        compute_backend: "daytona",
        source: "cli",
        has_artifacts: "true",
        started_after: "2026-01-01T00:00:00Z",
        started_before: "2026-01-01T00:00:00%2B02:00",
      };
      for (const name of SURFACE.filter((line) => line.startsWith("GET"))) {
        const [, template = ""] = name.split(" ");
        const path = template.replace("{id}", id).replace("{run_id}", run);
        const query = (api.operation("GET", template)?.parameters ?? []).filter(
          (parameter) => parameter.in === "query",
        );
        for (const parameter of query) {
          if (parameter.name === "cursor") continue;
          const answer = await calls.get(`${path}?${parameter.name}=${values[parameter.name] ?? "1"}`);
          expect(answer.status, `${template}?${parameter.name}`).toBe(200);
        }
        if (query.length > 0) expect((await calls.get(`${path}?surprise=1`)).status, template).toBe(400);
      }
    });

    test.each([
      ["POST", "/deploy", DeployBodySchema, [DEPLOY, FULL_DEPLOY, SCHEMA_ONLY_DEPLOY]],
      ["POST", "/deployments/{id}/runs", CreateRunBodySchema, [null, {}, ...FULL_RUN]],
      [
        "POST",
        "/runs/{run_id}/resume",
        ResumeBodySchema,
        [null, { approval_decisions: [1], include_raw_tool_outputs: true, message: "x", more: 1 }],
      ],
      ["POST", "/inbox/approvals/{entry_id}/decide", InboxDecisionBodySchema, [{ decision: "deny", comment: "x" }]],
      ["POST", "/deployment-bundles", BundleBodySchema, [{ sha256: "a", size_bytes: 1, source_kind: "tar_gz" }]],
    ] as const)("%s %s takes the bodies the document takes", (method, template, schema, samples) => {
      const validate = new OpenApi().body(method, template);
      let count = 0;
      let refused = 0;
      for (const sample of samples) {
        expect(validate(sample), JSON.stringify(validate.errors)).toBe(true);
        for (const [what, body] of mutationsOf(sample)) {
          const documented = validate(body);
          const ours = schema.safeParse(body);
          expect(ours.success, `${what}: ${JSON.stringify(body)}`.slice(0, 400)).toBe(documented);
          count += 1;
          if (!documented) refused += 1;
        }
      }
      // The comparison means something only when the mutations produce both kinds.
      expect(count).toBeGreaterThan(5);
      expect(refused).toBeGreaterThan(0);
      expect(refused).toBeLessThan(count);
    });
  },
);

const SURFACE = [
  "POST /deploy 202",
  "POST /deploy 400",
  "GET /deployments 200",
  "GET /deployments/{id} 200",
  "GET /deployments/{id} 404",
  "DELETE /deployments/{id} 200",
  "POST /deployments/{id}/start 200",
  "POST /deployments/{id}/stop 200",
  "POST /deployments/{id}/stop 400",
  "GET /deployments/{id}/spend 200",
  "GET /deployments/{id}/pending_approvals 200",
  "POST /deployments/{id}/runs 200",
  "POST /deployments/{id}/runs 202",
  "GET /deployments/{id}/runs 200",
  "GET /runs 200",
  "GET /runs 401",
  "GET /pending_approvals 200",
  ...["/runs/{run_id}", "/deployments/{id}/runs/{run_id}"].flatMap((run) => [
    ...["", "/state", "/events", "/artifacts", "/pending_approvals"].map((tail) => `GET ${run}${tail} 200`),
    `POST ${run}/cancel 200`,
    `POST ${run}/resume 200`,
  ]),
  "POST /deployments/{id}/runs/{run_id}/resume 409",
  "GET /inbox/approvals 200",
  "POST /inbox/approvals/{entry_id}/decide 200",
  "POST /inbox/approvals/{entry_id}/decide 409",
  "POST /deployment-bundles 200",
  "GET /deployment-bundles/{id} 200",
  "POST /deployment-bundles/{id}/complete 200",
];

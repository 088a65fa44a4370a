/**
 * Prism stands between our client and the embedded service and judges both by the published document, so that the two
 * cannot agree on the same mistake. Streams go around it: it holds an event stream back until its end.
 */

import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { Canceller } from "../../src/core/cancel/canceller.ts";
import { generalAgentTarget, type Outcome, type RunRequest, type Target } from "../../src/core/index.ts";
import { createExecute } from "../../src/core/run/run-session.ts";
import { LocalCloud, type LocalHttp, PUBLISHER_PREFIX, startLocalHttp } from "../../src/local/index.ts";
import { createHttp } from "../../src/seren/http/http-transport.ts";
import { type HttpTransport, SerenClient } from "../../src/seren/index.ts";
import { realAmbient } from "../../src/support/ambient.ts";
import { silentLog } from "../../src/support/log.ts";
import { Secret } from "../../src/support/secret.ts";
import { script } from "../support/child-process/cloud.ts";
import { DEPLOY } from "../support/in-process/local-calls.ts";
import { PATIENT } from "../support/in-process/patient.ts";
import { FULL_DEPLOY } from "./local-bodies.ts";
import { obstacle, type Prism, startPrism } from "./tools.ts";

const DataSchema = z.looseObject({ data: z.looseObject({}) });

describe.skipIf(obstacle !== "")(`through Prism's validating proxy${obstacle}`, () => {
  let service: LocalHttp;
  let prism: Prism;
  beforeAll(async () => {
    service = await startLocalHttp(new LocalCloud({ ambient: realAmbient, keys: ["seren_test"] }));
    prism = await startPrism("proxy", service.origin + PUBLISHER_PREFIX);
  });
  afterAll(async () => {
    await prism?.stop();
    await service?.close();
  });

  /** What Prism had to say about each exchange. */
  function judged() {
    const judgements: { call: string; violations: string }[] = [];
    const note = (method: string, path: string, violations: string | null | undefined) =>
      void judgements.push({ call: `${method} ${path.replace(/[0-9a-f-]{36}/g, "*")}`, violations: violations ?? "" });
    return { judgements, note, broken: () => judgements.filter(({ violations }) => violations !== "") };
  }

  function road() {
    const book = judged();
    const common = { apiKey: () => new Secret("seren_test"), userAgent: "test", ambient: realAmbient };
    const judge = createHttp({ ...common, baseUrl: prism.origin });
    const direct = createHttp({ ...common, baseUrl: service.origin + PUBLISHER_PREFIX });
    const transport: HttpTransport = {
      async request(request) {
        const response = await judge.request(request);
        book.note(request.method, request.path, response.headers["sl-violations"]);
        return response;
      },
      openStream: (request) => direct.openStream(request),
      async close() {
        await Promise.all([judge.close(), direct.close()]);
      },
    };
    return { ...book, client: new SerenClient(transport, realAmbient) };
  }

  test("complete runs with every outcome, without a violation", async () => {
    const { client, judgements, broken } = road();
    const canceller = new Canceller(client, silentLog);
    const execute = createExecute({ client, canceller, log: silentLog });
    const host = new AbortController();
    const stop = new AbortController();

    async function run(target: Target, message: string, more: Partial<RunRequest> = {}, stopAtText = false) {
      const limits = { signal: stopAtText ? stop.signal : host.signal, deadline: realAmbient.now() + 60_000 };
      const events = execute({ target, message, onApproval: "return", ...more }, limits);
      for (;;) {
        const step = await events.next();
        if (step.done) return step.value;
        if (stopAtText && step.value.type === "text") stop.abort();
      }
    }
    const named = (deploymentId: string): Target => ({ kind: "deployment", deploymentId, named: "the test" });
    const job = (await client.deploy({ mode: "job", skill_slug: "a", workload: WORKLOAD })).id;
    const service = (await client.deploy({ mode: "always_on", skill_slug: "b", workload: WORKLOAD })).id;

    const ends: [string, Outcome][] = [
      ["plain", await run(generalAgentTarget(), "hello", { conversationId: "talk-1", inputs: { a: [1] } })],
      [
        "tools",
        await run(named(job), script({ text: "a" }, { tool: "t", args: { q: 1 }, result: "r" }, { think: "b" })),
      ],
      ["always on", await run(named(service), "hello", { operation: "heartbeat" })],
      ["failed", await run(named(job), script({ text: "half" }, { fail: "broken" }), { operation: "job" })],
      ["blocked", await run(named(job), script({ status: "blocked", message: "no" }))],
      ["stopped", await run(named(job), script({ text: "a" }, { hang: true }), {}, true)],
      ["waits", await run(named(job), script({ approve: ["pay", "ship"], reason: "money" }))],
    ];
    expect(ends.map(([name, { kind }]) => [name, kind])).toEqual([
      ["plain", "completed"],
      ["tools", "completed"],
      ["always on", "completed"],
      ["failed", "failed"],
      ["blocked", "blocked"],
      ["stopped", "cancelled"],
      ["waits", "awaiting_approval"],
    ]);

    const waiting = ends.at(-1)?.[1];
    const runId = waiting?.run?.runId ?? "";
    await client.createRun(job, {
      resume: {
        checkpointId: waiting?.checkpointId ?? "",
        decisions: (waiting?.approvals ?? []).map(({ id }) => ({ id, decision: "approve" as const })),
      },
    });
    const attached = await run(named(job), "", { attachTo: runId });
    expect(attached.kind).toBe("completed");

    await client.listDeployments(PATIENT);
    await client.getDeployment(job, PATIENT);
    await client.startDeployment(service, PATIENT);
    await client.listRunPage(job, { limit: 5, offset: 1, status: "completed", conversationId: "talk-1" }, PATIENT);
    await client.listRunPage(undefined, { limit: 5 }, PATIENT);
    await client.getRunState(runId, PATIENT);
    await client.listRunEvents(runId, 1, PATIENT);
    await client.listRunArtifacts(runId, PATIENT);
    await client.approvals.waitingRuns(PATIENT);
    await client.deleteDeployment(job, PATIENT);
    await client.close();

    expect(broken()).toEqual([]);
    const calls = new Set(judgements.map(({ call }) => call.replace(/\?.*/, "")));
    expect([...calls].sort()).toEqual([
      "DELETE /deployments/*",
      "GET /deployments",
      "GET /deployments/*",
      "GET /deployments/*/runs",
      "GET /pending_approvals",
      "GET /runs",
      "GET /runs/*",
      "GET /runs/*/artifacts",
      "GET /runs/*/events",
      "GET /runs/*/pending_approvals",
      "GET /runs/*/state",
      "POST /deploy",
      "POST /deployments/*/runs",
      "POST /deployments/*/start",
      "POST /runs/*/cancel",
    ]);
  });

  test("operations of the embedded service that the client does not use conform to the document", async () => {
    const { note, broken, judgements } = judged();
    async function ask(method: string, path: string, body?: unknown) {
      const response = await fetch(prism.origin + path, {
        method,
        headers: { authorization: "Bearer seren_test", ...(body ? { "content-type": "application/json" } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      note(method, path, response.headers.get("sl-violations"));
      const text = await response.text();
      expect(response.ok, `${method} ${path}: ${response.status} ${text}`).toBe(true);
      return DataSchema.safeParse(JSON.parse(text)).data?.data ?? {};
    }
    const bytes = new Uint8Array([31, 139]);
    const bundle = { sha256: createHash("sha256").update(bytes).digest("hex"), size_bytes: 2, source_kind: "tar_gz" };
    const upload = await ask("POST", "/deployment-bundles", bundle);
    const put = await fetch(String(upload.upload_url), {
      method: "PUT",
      headers: z.record(z.string(), z.string()).parse(upload.upload_headers),
      body: bytes,
    });
    expect(put.status).toBe(200);
    await ask("POST", `/deployment-bundles/${upload.deployment_bundle_id}/complete`);
    await ask("POST", "/deployment-bundles", bundle);
    await ask("GET", `/deployment-bundles/${upload.deployment_bundle_id}`);

    await ask("POST", "/deploy", FULL_DEPLOY);
    const job = (await ask("POST", "/deploy", DEPLOY)).id;
    const resident = (await ask("POST", "/deploy", { ...DEPLOY, mode: "always_on", name: null })).id;
    await ask("POST", `/deployments/${resident}/stop`);
    await ask("POST", `/deployments/${resident}/start`);
    await ask("POST", `/deployments/${resident}/runs`, { message: "inline" });
    const message = script({ text: "a" }, { approve: "pay", reason: "money" }, { text: "b" });
    const run = (await ask("POST", `/deployments/${job}/runs`, { message })).run_id;
    const base = `/deployments/${job}/runs/${run}`;
    await streamShows(`${service.origin}${PUBLISHER_PREFIX}${base}/stream`, "approval_wait");
    for (const tail of ["", "/state", "/events", "/artifacts", "/pending_approvals"]) await ask("GET", base + tail);
    for (const path of [`/deployments/${job}/pending_approvals`, `/deployments/${job}/spend`, "/inbox/approvals"]) {
      await ask("GET", path);
    }
    const inbox = z.looseObject({ entries: z.array(z.looseObject({ entry_id: z.string() })) });
    const { entries } = inbox.parse(await ask("GET", "/inbox/approvals?limit=1"));
    await ask("POST", `/inbox/approvals/${encodeURIComponent(entries[0]?.entry_id ?? "")}/decide`, {
      decision: "approve",
    });
    const pending = await ask("GET", `${base}/pending_approvals`);
    const open = z.array(z.looseObject({ id: z.string() })).parse(pending.pending_approvals);
    await ask("POST", `/runs/${run}/resume`, {
      resume_checkpoint_id: pending.checkpoint_id,
      approval_decisions: open.map(({ id }) => ({ id, decision: "reject" })),
    });
    await ask("POST", `${base}/cancel`);
    expect(broken()).toEqual([]);
    expect(judgements.length).toBeGreaterThan(20);
  });

  test("Prism reports a violation when there is one", async () => {
    const response = await fetch(`${prism.origin}/deploy`, {
      method: "POST",
      headers: { ...KEY.headers, "content-type": "application/json" },
      body: JSON.stringify({ ...DEPLOY, surprise: 1 }),
    });
    expect(response.headers.get("sl-violations")).toContain("must NOT have additional properties");
  });
});

async function streamShows(url: string, words: string): Promise<void> {
  let seen = "";
  const decoder = new TextDecoder();
  for await (const chunk of (await fetch(url, KEY)).body ?? []) {
    seen += decoder.decode(chunk, { stream: true });
    if (seen.includes(words)) return;
  }
  throw new Error(`the stream ended without ${words}: ${seen}`);
}

const KEY = { headers: { authorization: "Bearer seren_test" } };
const WORKLOAD = {
  execution: { type: "llm" as const, bundle: { instructions: [{ kind: "skill" as const, content: "Be brief." }] } },
};

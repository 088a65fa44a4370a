import { describe, expect, test } from "vitest";
import { Calls, DEPLOY } from "../../../support/in-process/local-calls.ts";

const workload = (changes: object) => ({ workload: { ...DEPLOY.workload, ...changes } });
const bundle = (changes: object) => workload({ execution: { type: "llm", bundle: changes } });

test("a deployment is accepted, shown, listed and deleted", async () => {
  const calls = new Calls();
  const made = await calls.post("/deploy", DEPLOY);
  expect(made.status).toBe(202);
  expect(made.headers["content-type"]).toBe("application/json");
  expect(made.headers["x-request-id"]).toBe("local-1");
  expect(made.body.data).toMatchObject({
    name: "triage-8f21c0de",
    skill_slug: "triage",
    mode: "job",
    status: "running",
    model_id: "anthropic/claude-sonnet-4.6",
    orchestration_mode: "llm",
    visibility: "open",
    created_at: "2026-01-01T00:00:00.000Z",
  });
  expect(JSON.stringify(made.body)).not.toContain("t0k3n-value");
  const { id } = made.body.data;
  expect((await calls.get(`/deployments/${id.toUpperCase()}`)).body).toEqual(made.body);
  expect((await calls.get("/deployments")).body.data).toEqual([made.body.data]);
  expect((await calls.send("DELETE", `/deployments/${id}`)).body).toEqual({ data: { status: "deleted" } });
  expect((await calls.get(`/deployments/${id}`)).status).toBe(404);
  expect((await calls.get("/deployments")).body.data).toEqual([]);
  expect(calls.cloud.stats()).toMatchObject({ deploymentsCreated: 1, deploymentsDeleted: 1 });
});

test("a deployment without a name gets one, and the same body twice makes two deployments", async () => {
  const calls = new Calls();
  const first = await calls.deploy({ name: undefined });
  const second = await calls.deploy({ name: null });
  expect(first).not.toBe(second);
  expect((await calls.get(`/deployments/${first}`)).body.data.name).toBe(`triage-${first.slice(0, 8)}`);
});

test("runs are refused until the deployment has been built", async () => {
  const calls = new Calls({ deployMs: 4000 });
  const id = await calls.deploy();
  const status = async () => (await calls.get(`/deployments/${id}`)).body.data.status;
  expect(await status()).toBe("pending");
  await calls.ambient.advance(2000);
  expect(await status()).toBe("building");
  const early = await calls.post(`/deployments/${id}/runs`, {});
  expect(early.status).toBe(400);
  expect(early.body.message.toLowerCase()).toContain("deployment is still starting");
  await calls.ambient.advance(2000);
  expect(await status()).toBe("running");
  expect((await calls.post(`/deployments/${id}/runs`, {})).status).toBe(202);
  expect(calls.cloud.stats()).toMatchObject({ createsReceived: 2, runsStarted: 1 });
});

test("only always_on deployments start and stop", async () => {
  const calls = new Calls();
  const job = await calls.deploy();
  expect((await calls.post(`/deployments/${job}/stop`)).status).toBe(400);
  expect((await calls.post(`/deployments/${job}/start`)).status).toBe(400);
  const service = await calls.deploy({ mode: "always_on" });
  expect((await calls.post(`/deployments/${service}/stop`)).body).toEqual({ data: { status: "stopped" } });
  const refused = await calls.post(`/deployments/${service}/runs`, { async: true });
  expect(refused.status).toBe(400);
  expect(refused.body.message).toBe("Deployment is stopped. Start it before running it");
  expect((await calls.post(`/deployments/${service}/start`)).body).toEqual({ data: { status: "running" } });
  expect((await calls.post(`/deployments/${service}/runs`, { async: true })).status).toBe(202);
});

test("deleting a deployment ends its runs", async () => {
  const calls = new Calls();
  const id = await calls.deploy();
  const run = await calls.start(id, [{ hang: true }]);
  await calls.send("DELETE", `/deployments/${id}`);
  expect((await calls.record(run)).status).toBe("cancelled");
  expect(calls.cloud.stats().runsActive).toEqual([]);
  expect((await calls.get(`/deployments/${id}/runs/${run}`)).status).toBe(404);
});

function nested(depth: number): unknown {
  return depth === 0 ? 0 : [nested(depth - 1)];
}

test("bodies may be nested as deep as the real service's decoder allows", async () => {
  expect((await new Calls().post("/deploy", { ...DEPLOY, dashboard_config: nested(127) })).status).toBe(202);
});

describe("refused deployments", () => {
  test.each([
    ["an unknown field", { surprise: 1 }, "surprise"],
    ["an unknown field of the workload", workload({ surprise: 1 }), "surprise"],
    ["a missing slug", { skill_slug: undefined }, "skill_slug"],
    ["an unknown mode", { mode: "ephemeral" }, "mode"],
    ["limits that are null", workload({ limits: null }), "workload.limits"],
    ["a fraction as a limit", workload({ limits: { max_iterations: 1.5 } }), "workload.limits.max_iterations"],
    ["publisher_only that is null", workload({ publisher_only: null }), "workload.publisher_only"],
    ["an unknown instruction kind", bundle({ instructions: [{ kind: "x", content: "" }] }), "instructions.0.kind"],
    ["instructions that are null", bundle({ instructions: null }), "bundle.instructions"],
    ["an unknown execution", workload({ execution: { type: "wasm" } }), "workload.execution.type"],
    ["cron without a schedule", { mode: "cron" }, "cron_schedule is required"],
    ["a schedule of four fields", { mode: "cron", cron_schedule: "* * * *" }, "five fields"],
    ["an unknown time zone", { mode: "cron", cron_schedule: "0 9 * * *", cron_timezone: "Mars/Base" }, "time zone"],
    ["an unknown visibility", { visibility: "secret" }, "visibility"],
    ["a reserved secret name", workload({ secrets: { seren_api_key: "x", TRACKER_TOKEN: "y" } }), "seren_api_key"],
    ["an unsatisfied requirement", workload({ secrets: {} }), "TRACKER_TOKEN"],
    ["an asset outside the bundle", bundle({ assets: [{ path: "a/../../b", content_base64: "" }] }), "a/../../b"],
    ["an asset that is not base64", bundle({ assets: [{ path: "a", content_base64: "e3 0" }] }), "base64"],
    [
      "an asset with a stale digest",
      bundle({ assets: [{ path: "a", content_base64: "e30=", sha256: "00" }] }),
      "sha256",
    ],
    [
      "an instruction with a stale digest",
      bundle({ instructions: [{ kind: "skill", content: "x", sha256: "00" }] }),
      "sha256",
    ],
    [
      "a bundle that was not uploaded",
      workload({ execution: { type: "code", deployment_bundle_id: "0c0ffee0-0000-4000-8000-00000000000a" } }),
      "deployment_bundle_id",
    ],
  ])("%s", async (_, changes, named) => {
    const calls = new Calls();
    const answer = await calls.post("/deploy", { ...DEPLOY, ...changes });
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ error: "BadRequest", message: expect.stringContaining(named) });
    expect(calls.cloud.stats().deploymentsCreated).toBe(0);
  });

  test.each([
    ["no body", undefined, {}, 400],
    ["null", "null", {}, 400],
    ["an array", "[]", {}, 400],
    ["broken JSON", '{"mode":', {}, 400],
    ["broken UTF-8", new Uint8Array([0x7b, 0xff, 0x7d]), {}, 400],
    ["a byte order mark", `\ufeff${JSON.stringify(DEPLOY)}`, {}, 400],
    ["a lone surrogate", JSON.stringify({ ...DEPLOY, name: "\ud800" }), {}, 400],
    ["a body that is nested too deep", JSON.stringify({ ...DEPLOY, dashboard_config: nested(128) }), {}, 400],
    ["another content type", JSON.stringify(DEPLOY), { "content-type": "text/plain" }, 415],
    ["a body that is too large", " ".repeat(33 * 1024 * 1024), {}, 413],
  ])("%s", async (_, body, headers, status) => {
    const answer = await new Calls().send("POST", "/deploy", body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body.message).toEqual(expect.any(String));
  });
});

describe("authorization and paths", () => {
  test.each([
    ["", 401],
    ["Bearer ", 401],
    ["Basic abc", 401],
    ["Bearer anything", 200],
    ["bearer anything", 200],
  ])("authorization %j gives %i", async (authorization, status) => {
    const answer = await new Calls().send("GET", "/deployments", undefined, { authorization });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.body.error).toBe("Unauthorized");
  });

  test("a set of keys admits only these", async () => {
    const calls = new Calls({ keys: ["seren_right"] });
    expect((await calls.get("/deployments")).status).toBe(401);
    const right = await calls.send("GET", "/deployments", undefined, { authorization: "Bearer seren_right" });
    expect(right.status).toBe(200);
  });

  test.each([
    ["GET", "/nowhere", 404],
    ["GET", "/deployments/not-a-uuid", 400],
    ["GET", "/runs/not-a-uuid/state", 400],
    ["GET", "/runs/0c0ffee0-0000-4000-8000-00000000000a", 404],
    ["GET", "/deployments/0c0ffee0-0000-4000-8000-00000000000a", 404],
    ["GET", "/deployments/0c0ffee0-0000-4000-8000-00000000000a/runs", 404],
    ["POST", "/deployments/0c0ffee0-0000-4000-8000-00000000000a/runs", 404],
    ["GET", "/deployments/0c0ffee0-0000-4000-8000-00000000000a/spend", 404],
    ["PUT", "/deploy", 405],
    ["GET", "/deployments?limit=1", 400],
    ["GET", "/runs?limit=101", 400],
    ["GET", "/runs?limit=x", 400],
    ["GET", "/runs?surprise=1", 400],
    ["GET", "/inbox/approvals/%E0%A4%A/decide", 400],
    ["GET", "/runs/", 400],
  ])("%s %s gives %i", async (method, path, status) => {
    expect((await new Calls().send(method, path)).status).toBe(status);
  });
});

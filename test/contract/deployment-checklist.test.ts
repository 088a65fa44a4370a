/**
 * What a Dispatch deployment plugin has to get right: the implementer's list at the end of the deployment reference, one test a
 * line, on the built program as the host starts it. `test/hosts/dispatch-deployments.test.ts` does the same under the host.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { CatalogSchema } from "#protocols/dispatch-courier";
import { DeploymentPluginManifestSchema } from "#protocols/dispatch-deployment";
import type { LocalCloudOptions } from "../../src/local/index.ts";
import { API_KEY, Child, CLEAN_EXIT, ROOT, scratchFolder } from "../support/child-process/child.ts";
import { type Cloud, startCloud } from "../support/child-process/cloud.ts";
import { answerOf, CourierHost, parcel } from "../support/child-process/courier-host.ts";
import {
  deployedIn,
  deploymentRequest,
  type OperationOptions,
  operate,
  answerOf as replyIn,
  startOperation,
} from "../support/child-process/deployment-host.ts";
import type { Json } from "../support/child-process/line-check.ts";
import { built } from "../unit/parcel/parcels.ts";

const SKILL = { kind: "skill", path: "SKILL.md", content: "Help." };
const LLM = { workload: { execution: { type: "llm", instructions: [SKILL] } } };
const NO_ID = "00000000-0000-4000-8000-00000000dead";
const PACKED = join(ROOT, "test/fixtures/dispatch-deployment/packing/parcel.tar.gz");
const PACKED_SHA256 = "c78102f2a9a2de3994b55de4d9399bbafd7d2250bdf77b9bbe4c6d428ff5678d";

let cloud: Cloud;
let home: string;

const open = async (options: Partial<LocalCloudOptions> = {}) => {
  cloud = await startCloud(options);
};
beforeEach(async () => {
  home = scratchFolder();
  await open();
});

/** One state folder for all operations of a test, as on one machine. */
const ask = (kind: string, params: Json = {}, options: Partial<OperationOptions> = {}) =>
  operate(kind, params, {
    ...options,
    env: { ...cloud.env, SEREN_BRIDGE_STATE_DIR: join(home, "state"), ...options.env },
  });
const upsert = async (spec: unknown, options: Partial<OperationOptions> & { name?: string } = {}) =>
  deployedIn(await ask("upsert", { name: options.name ?? "night-watch", spec }, options));

async function service(method: string, path: string, body?: object) {
  const response = await cloud.cloud.handle({
    method,
    path: `/publishers/seren-cloud${path}`,
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (response.drop || typeof response.body !== "string") throw new Error("no answer");
  return JSON.parse(response.body).data;
}
const existing = async (): Promise<string[]> =>
  (await service("GET", "/deployments")).map(({ name }: { name: string }) => name).sort();
const by = (name: string) => ({
  name,
  mode: "job",
  skill_slug: "x",
  workload: { execution: { type: "llm", bundle: { instructions: [SKILL] } } },
});

test("the manifest, and the catalog's entry", () => {
  const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8"));
  const manifest = DeploymentPluginManifestSchema.parse(read("deployment-plugin.json"));
  expect([manifest.kind, manifest.name]).toEqual(["deployment", "seren-cloud"]);
  const { entries } = CatalogSchema.parse(read("catalog/extensions.json"));
  expect(entries.find(({ name }) => name === "deployment-seren-cloud")?.kind).toBe("deployment");
});

test("capabilities and validate work without key and network", async () => {
  const env = { SEREN_API_BASE: "http://127.0.0.1:9", SEREN_API_KEY: undefined };
  expect((await ask("capabilities", {}, { env })).result).toMatchObject({ kind: "capabilities" });
  expect((await ask("validate", { spec: LLM }, { env })).result).toEqual({
    kind: "validation",
    result: { ok: true, issues: [] },
  });
});

test("no configure; ids echoed as integers; one reply a request, in order; exit 0; the end of input aborts nothing", async () => {
  await open({ deployMs: 1500 });
  const child = new Child("deployment", { env: cloud.env });
  child.send(
    deploymentRequest(1, "upsert", { name: "a", spec: LLM }),
    deploymentRequest(2, "list", { filters: null }),
    deploymentRequest(3, "health", { config: null }),
  );
  expect(await child.end()).toEqual(CLEAN_EXIT);
  expect(child.messages.map((one) => (one.kind === "notification" ? undefined : one.id))).toEqual([1, 2, 3]);
  expect(child.messages.map((one) => replyIn(one).result?.kind)).toEqual(["deployment", "deployment_list", "health"]);
  expect(deployedIn(replyIn(child.messages[0])).status).toBe("running");
});

test("a malformed line, an unknown method, wrong types: an error each, and the rest is served", async () => {
  const child = new Child("deployment", { env: cloud.env });
  child.send(
    "{nonsense",
    { jsonrpc: "2.0", id: 2, method: "deployment.dance", params: {} },
    deploymentRequest(3, "get", { deployment_id: 7 }),
    deploymentRequest(4, "list", { filters: { colour: "red" } }),
    deploymentRequest(5, "validate", { spec: "text" }),
    deploymentRequest(6, "list"),
  );
  expect(await child.end()).toEqual(CLEAN_EXIT);
  const codes = child.messages.map((one) => replyIn(one)).map(({ error, result }) => error?.code ?? result?.kind);
  expect(codes.sort()).toEqual(
    ["parse_error", "method_not_found", "bad_request", "invalid_filters", "validation", "deployment_list"].sort(),
  );
});

test("a config with a foreign api_origin and no key is refused before any request; a key beside it is used", async () => {
  const foreign = await ask("list", {}, { config: { api_origin: "https://elsewhere.example" } });
  expect(foreign.error).toMatchObject({ code: "invalid_config", message: expect.stringContaining("api_key") });
  for (const config of [
    null,
    7,
    { api_keys: "x" },
    { api_key: 7 },
    { api_origin: "http://elsewhere.example" },
    { api_origin: "local" },
  ]) {
    expect((await ask("list", {}, { config })).error?.code, JSON.stringify(config)).toBe("invalid_config");
  }
  const env = { SEREN_API_BASE: "https://elsewhere.example", SEREN_API_KEY: "another-key-4711" };
  const config = { api_origin: cloud.env.SEREN_API_BASE, api_key: API_KEY };
  expect((await ask("list", {}, { config, env })).result?.kind).toBe("deployment_list");
  expect((await ask("list", {}, { config: { api_key: "wrong-key-0815" } })).error?.code).toBe("authentication_failed");
  const local = await ask("list", {}, { env: { SEREN_API_BASE: "local" } });
  expect(local.error).toMatchObject({ code: "invalid_config", message: expect.stringContaining("seren-bridge local") });
});

test("both LLM spellings arrive whole; unknown members are refused by path; SEREN_* secrets are refused", async () => {
  const asset = { path: "a.txt", content_base64: "aGk=", purpose: "resource" };
  const settings = { type: "llm", model_id: "x/y", tool_definitions: [{ name: "t", description: "d" }] };
  const direct = { workload: { execution: { ...settings, instructions: [SKILL], assets: [asset] } } };
  const inBundle = { workload: { execution: { ...settings, bundle: { instructions: [SKILL], assets: [asset] } } } };
  const first = await upsert(direct);
  expect((await upsert(inBundle)).deployment_id).toBe(first.deployment_id);
  expect(first.detail).toMatchObject({ model_id: "x/y", orchestration_mode: "llm" });
  const wrong = {
    mode: "sometimes",
    surprise: 1,
    dispatch_channels: {},
    workload: {
      surprise: 1,
      limits: { max_iterations: 1.5 },
      secrets: { SEREN_API_KEY: "x" },
      execution: { type: "llm", instructions: [{ ...SKILL, kind: "poem", surprise: 1 }] },
    },
  };
  const { result } = await ask("validate", { spec: wrong });
  const fields = result?.kind === "validation" ? result.result.issues.map(({ field }) => field) : [];
  expect(fields.sort()).toEqual(
    [
      "dispatch_channels",
      "mode",
      "surprise",
      "workload.execution.instructions[0].kind",
      "workload.execution.instructions[0].surprise",
      "workload.limits.max_iterations",
      "workload.secrets.SEREN_API_KEY",
      "workload.surprise",
    ].sort(),
  );
  const refused = await ask("upsert", { name: "x", spec: wrong });
  expect(refused.error).toMatchObject({ code: "invalid_spec", details: { issues: expect.any(Array) } });
  expect(await existing()).toHaveLength(1);
});

test("cron: schedule and zone arrive; a missing schedule is an issue of cron_schedule", async () => {
  const { detail } = await upsert({ ...LLM, cron_schedule: "0 3 * * *", cron_timezone: "Europe/Berlin" });
  expect(detail).toMatchObject({ mode: "cron", cron_schedule: "0 3 * * *", cron_timezone: "Europe/Berlin" });
  const missing = await ask("upsert", { name: "x", spec: { ...LLM, mode: "cron" } });
  expect(missing.error).toMatchObject({ code: "invalid_spec", details: { field: "cron_schedule" } });
  const scheduled = await built({}, { schedules: ["15 6 * * *", "0 */5 * * * * *"], inline_prompts: ["Look."] });
  const own = await upsert({ mode: "cron", code: { parcel_dir: scheduled } }, { name: "beat" });
  expect(own.detail).toMatchObject({ mode: "cron", cron_schedule: "15 6 * * *" });
  const seconds = await ask("upsert", { name: "x", spec: { mode: "cron", code: { parcel_dir: parcel("heartbeat") } } });
  expect(seconds.error).toMatchObject({ code: "invalid_spec", details: { field: "cron_schedule" } });
});

describe("code", () => {
  const cached = (path: string) => ({
    path,
    sha256: PACKED_SHA256,
    size_bytes: 691,
    source_kind: "tar_gz",
    bundle_source: "bundle_path",
    source_path: "gone",
  });

  test("the same bundle is uploaded once, whatever the form and however often", async () => {
    const uploads: string[] = [];
    const handle = cloud.cloud.handle.bind(cloud.cloud);
    cloud.cloud.handle = (request, signal) => {
      if (request.method === "PUT") uploads.push(request.path.replace(/\?.*/, ""));
      return handle(request, signal);
    };
    mkdirSync(join(home, "p"));
    cpSync(PACKED, join(home, "p/w.tar.gz"));
    const asFile = { code: { bundle_path: "w.tar.gz", runtime_kind: "python" } };
    const asCache = { code: { cached_bundle: cached("w.tar.gz"), runtime_kind: "python" } };
    const first = await upsert(asFile, { cwd: join(home, "p"), name: "one" });
    expect(first.detail).toMatchObject({ orchestration_mode: "script", code_bundle_hash: PACKED_SHA256 });
    expect((await upsert(asCache, { cwd: join(home, "p"), name: "one" })).deployment_id).toBe(first.deployment_id);
    await upsert(asCache, { cwd: join(home, "p"), name: "two" });
    await ask("deploy", { spec: { name: "three", ...asCache } }, { cwd: join(home, "p") });
    expect(uploads).toHaveLength(1);
    expect(await existing()).toHaveLength(3);
  });

  test("a folder is packed the same wherever it lies; a parcel with a runtime is code", async () => {
    for (const place of ["a", "b"]) {
      mkdirSync(join(home, place, "worker"), { recursive: true });
      writeFileSync(join(home, place, "worker/main.py"), "print('hello')\n");
    }
    const spec = { code: { bundle_path: "worker", runtime_kind: "rust_wasm_adk" } };
    const first = await upsert(spec, { cwd: join(home, "a") });
    expect((await upsert(spec, { cwd: join(home, "b") })).deployment_id).toBe(first.deployment_id);
    const native = await ask("validate", { spec: { code: { parcel_dir: parcel("native") } } });
    expect(native.result).toMatchObject({ result: { ok: false, issues: [{ field: "code.runtime_kind" }] } });
    const code = await upsert({ code: { parcel_dir: parcel("native"), runtime_kind: "python" } }, { name: "native" });
    expect(code.detail).toMatchObject({ orchestration_mode: "script" });
  });

  test("an archive that is not the announced one, is damaged, or is of an earlier build is refused", async () => {
    cpSync(PACKED, join(home, "w.tar.gz"));
    const issues = async (bundle: Json) => {
      const { result } = await ask("validate", { spec: { code: { cached_bundle: bundle } } }, { cwd: home });
      return result?.kind === "validation" ? result.result.issues.map(({ field }) => field) : [];
    };
    const good = cached("w.tar.gz");
    expect(await issues({ ...good, bundle_source: "dispatch_parcel" })).toEqual([]);
    expect(await issues({ ...good, sha256: "0".repeat(64) })).toEqual(["code.cached_bundle.sha256"]);
    expect(await issues({ ...good, size_bytes: 5 })).toEqual(["code.cached_bundle.size_bytes"]);
    expect(await issues({ ...good, path: "none.tar.gz" })).toEqual(["code.cached_bundle"]);
    const older = { ...good, bundle_source: "dispatch_parcel", manifest: { digest: "0".repeat(64) } };
    expect(await issues(older)).toEqual(["code.cached_bundle.manifest"]);
  });

  test("one that the store does not take for its size is refused once, with the size", async () => {
    await open({ faults: { rules: [{ kind: "status", where: "upload", status: 413, times: 9 }] } });
    cpSync(PACKED, join(home, "w.tar.gz"));
    const spec = { code: { bundle_path: "w.tar.gz", runtime_kind: "python" } };
    const { error } = await ask("upsert", { name: "night-watch", spec }, { cwd: home });
    expect(error).toMatchObject({ code: "unsupported_operation", message: expect.stringContaining("has 691 bytes") });
    expect(await existing()).toEqual([]);
  });

  test("a folder for temporary files that is not there is named, and no name has line breaks", async () => {
    mkdirSync(join(home, "worker"));
    writeFileSync(join(home, "worker/main.py"), "print('hello')\n");
    const spec = { name: "two\nlines", code: { bundle_path: "worker", runtime_kind: "python" } };
    const { result } = await ask("validate", { spec }, { cwd: home, env: { TMPDIR: join(home, "none") } });
    expect(result).toMatchObject({
      result: {
        issues: [
          { field: "name", message: expect.stringContaining("without line breaks") },
          {
            field: "code.bundle_path",
            message: expect.stringMatching(/set by TMPDIR\) cannot be made: it does not exist/),
          },
        ],
      },
    });
  });

  test("a failed upload is made again with a new address", async () => {
    await open({ faults: { rules: [{ kind: "status", where: "upload", status: 403 }] } });
    cpSync(PACKED, join(home, "w.tar.gz"));
    const { detail } = await upsert({ code: { bundle_path: "w.tar.gz", runtime_kind: "python" } }, { cwd: home });
    expect(detail).toMatchObject({ code_bundle_hash: PACKED_SHA256 });
  });
});

test("twice, without what this machine knows, and with a colleague's key: one deployment, the same id", async () => {
  const colleague = "key-of-a-colleague-0815";
  await open({ keys: [API_KEY, colleague] });
  const first = await upsert({ code: { parcel_dir: parcel("chat") } });
  const again = await upsert({ code: { parcel_dir: parcel("chat") } });
  const elsewhere = await upsert(
    { code: { parcel_dir: parcel("chat") } },
    { env: { SEREN_BRIDGE_STATE_DIR: join(home, "elsewhere"), SEREN_API_KEY: colleague } },
  );
  expect([again.deployment_id, elsewhere.deployment_id]).toEqual([first.deployment_id, first.deployment_id]);
  expect(await existing()).toEqual([expect.stringMatching(/^night-watch-up-[0-9a-f]{8}-[0-9a-f]{12}$/)]);
});

test("a changed parcel, spec or secret: a new id, the old one gone; bystanders and look-alikes untouched", async () => {
  const bystanders = ["night-watch", "night-watch-up", "night-watch-0123abcd-0123abcd", "nightwatch-up-0123abcd"];
  for (const name of bystanders) await service("POST", "/deploy", by(name));
  const secrets = (value: string) => ({ workload: { ...LLM.workload, secrets: { TOKEN: value } } });
  const specs = [
    { code: { parcel_dir: parcel("chat") } },
    { code: { parcel_dir: parcel("minimal") } },
    secrets("first-secret-value"),
    secrets("second-secret-value"),
  ];
  const ids = new Set<string>();
  for (const spec of specs) ids.add((await upsert(spec)).deployment_id);
  expect(ids.size).toBe(specs.length);
  const left = await existing();
  expect(left).toHaveLength(bystanders.length + 1);
  expect(left).toEqual(expect.arrayContaining(bystanders));
});

test("a failed build: the reason, the old one still serves, the next time mends it", async () => {
  const first = await upsert(LLM);
  const rules = [{ kind: "fail_build" as const, where: "deploy" as const, message: "no such model" }];
  await open({ faults: { rules } });
  await service("POST", "/deploy", by("unused")).catch(() => undefined);
  await open({ faults: { rules: [{ ...rules[0], after: 1 } as (typeof rules)[0]] } });
  const old = await upsert(LLM);
  expect(old.deployment_id).not.toBe(first.deployment_id);
  const changed = { ...LLM, visibility: "opaque" };
  const failed = await ask("upsert", { name: "night-watch", spec: changed });
  expect(failed.error).toMatchObject({
    code: "build_failed",
    message: "the deployment failed to build: no such model",
    details: { deployment_id: expect.any(String) },
  });
  expect((await service("GET", `/deployments/${old.deployment_id}`)).status).toBe("running");
  await upsert(changed);
  expect(await existing()).toHaveLength(1);
});

test.each(["drop", "unavailable", "html", "cut"] as const)("a lost answer (%s) never makes two", async (answer) => {
  await open({ faults: { rules: [{ kind: "lost_reply", where: "deploy", answer }] } });
  await upsert(LLM);
  await upsert(LLM);
  expect(await existing()).toHaveLength(1);
});

test("two at once, and one that is killed half-way: one deployment in the end", async () => {
  await open({ deployMs: 400 });
  const [one, two] = await Promise.all([upsert(LLM), upsert(LLM)]);
  expect(one.deployment_id).toBe(two.deployment_id);
  const env = { ...cloud.env, SEREN_BRIDGE_STATE_DIR: join(home, "state") };
  const changed = { ...LLM, visibility: "opaque" };
  const interrupted = startOperation("upsert", { name: "night-watch", spec: changed }, { env });
  while ((await existing()).length < 2) await new Promise((resolve) => setImmediate(resolve));
  await interrupted.signal("SIGINT");
  const done = await upsert(changed);
  expect(await existing()).toHaveLength(1);
  expect((await service("GET", `/deployments/${done.deployment_id}`)).status).toBe("running");
});

test("start and stop of a job, ids that are unknown or malformed, revisions, rollback, test runs: one clear line each", async () => {
  const { deployment_id } = await upsert(LLM);
  expect((await ask("stop", { deployment_id })).error).toMatchObject({
    code: "unsupported_operation",
    message: expect.stringContaining("always_on"),
  });
  expect((await ask("start", { deployment_id })).error?.code).toBe("unsupported_operation");
  for (const id of [NO_ID, "--help", "../runs", ""]) {
    for (const kind of ["get", "start", "stop", "delete"]) {
      expect((await ask(kind, { deployment_id: id })).error?.code, `${kind} ${id}`).toBe("not_found");
    }
  }
  const revision = { deployment_id, revision_id: "1" };
  for (const [kind, params] of [
    ["list_revisions", { deployment_id }],
    ["rollback", revision],
    ["preview_rollback", revision],
    ["update", { deployment_id, patch: {} }],
    ["preview_update", { deployment_id, patch: {} }],
    ["test_run", { spec: LLM, sample_input: null }],
  ] as const) {
    const { error } = await ask(kind, params);
    expect(error, kind).toMatchObject({ code: "unimplemented", message: expect.stringContaining("dispatch up .") });
  }
  expect((await ask("delete", { deployment_id })).result).toEqual({ kind: "ok" });
  const service = await upsert({ ...LLM, mode: "always_on" }, { name: "service" });
  expect((await ask("stop", { deployment_id: service.deployment_id })).result).toEqual({ kind: "ok" });
  const got = await ask("get", { deployment_id: service.deployment_id.toUpperCase() });
  expect(deployedIn(got).status).toBe("stopped");
  expect((await ask("start", { deployment_id: service.deployment_id })).result).toEqual({ kind: "ok" });
  expect((await ask("list", { filters: { name: "service", mode: "always_on" } })).result).toMatchObject({
    deployments: [{ deployment_id: service.deployment_id }],
  });
  expect((await ask("list", { filters: { status: "failed" } })).result).toMatchObject({ deployments: [] });
  expect((await ask("shutdown")).result).toEqual({ kind: "ok" });
});

test("what --target adds: extensions are left out and named, channels are refused", async () => {
  const { detail } = await upsert({ ...LLM, dispatch_extensions: { format: "x", extensions: [] } });
  expect(detail.notes).toEqual([expect.stringContaining("dispatch_extensions")]);
  const refused = await ask("upsert", { name: "x", spec: { ...LLM, dispatch_channels: { channels: [] } } });
  expect(refused.error).toMatchObject({ code: "invalid_spec", details: { field: "dispatch_channels" } });
});

test("the courier runs on what was deployed, names it, and makes nothing; a label goes before it", async () => {
  const made = await upsert({ code: { parcel_dir: parcel("chat") } });
  const env = { ...cloud.env, SEREN_BRIDGE_STATE_DIR: join(home, "courier") };
  const host = new CourierHost({ env });
  const inspected = await host.ask("inspect", { parcel_dir: parcel("chat") });
  expect(JSON.stringify(inspected.result)).toContain(`${made.detail.name}, ${made.deployment_id} (made of this parcel`);
  const session = await host.open(parcel("chat"));
  const turn = await host.run(parcel("chat"), session, { kind: "chat", input: "hello" });
  expect(answerOf(turn)).toContain("hello");
  expect((await cloud.run(0)).deploymentName).toBe(made.detail.name);
  // Another family with the same parcel, made later, is the one that somebody deployed last.
  const later = await upsert({ code: { parcel_dir: parcel("chat") } }, { name: "other" });
  const second = await host.run(parcel("chat"), await host.open(parcel("chat")), { kind: "chat", input: "again" });
  expect(answerOf(second)).toContain("again");
  expect((await cloud.run(1)).deploymentName).toBe(later.detail.name);
  const bound = new CourierHost({ env: { ...env, SEREN_BRIDGE_DEPLOYMENT: made.deployment_id } });
  answerOf(await bound.run(parcel("chat"), await bound.open(parcel("chat")), { kind: "chat", input: "here" }));
  expect((await cloud.run(2)).deploymentName).toBe(made.detail.name);
  expect(await existing()).toHaveLength(2);
});

test("a deployed parcel needs none of its secrets on the machine that runs it, however it is found", async () => {
  const secrets = { REPORT_TOKEN: "report-token-value-1", REPORT_DB_URL: "postgres://reports-value-2" };
  const folder = await built(
    {},
    { inline_prompts: ["Report."], secrets: Object.keys(secrets).map((name) => ({ name, required: true })) },
  );
  const env = { ...cloud.env, SEREN_BRIDGE_STATE_DIR: join(home, "courier") };
  const without = new CourierHost({ env });
  expect((await without.ask("open_session", { parcel_dir: folder })).error?.message).toContain("REPORT_TOKEN");
  const made = await upsert({ code: { parcel_dir: folder } }, { env: secrets });
  const turn = async (host: CourierHost) =>
    answerOf(await host.run(folder, await host.open(folder), { kind: "chat", input: "hello" }));
  expect(await turn(without)).toContain("hello");
  expect(await turn(new CourierHost({ env: { ...env, SEREN_BRIDGE_DEPLOYMENT: made.deployment_id } }))).toContain(
    "hello",
  );
  expect(await existing()).toEqual([made.detail.name]);
  await ask("delete", { deployment_id: made.deployment_id });
  const session = await new CourierHost({ env: { ...env, ...secrets } }).open(folder);
  const gone = await new CourierHost({ env }).run(folder, session, { kind: "chat", input: "hello" });
  expect(gone.error?.message).toContain("REPORT_TOKEN");
  expect(await existing()).toEqual([]);
});

test("keys, secrets, presigned addresses and local paths are nowhere they do not belong", async () => {
  const secret = "canary-secret-8472";
  const bodies: string[] = [];
  const handle = cloud.cloud.handle.bind(cloud.cloud);
  cloud.cloud.handle = (request, signal) => {
    bodies.push(`${request.path} ${request.body ?? ""}`);
    return handle(request, signal);
  };
  mkdirSync(join(home, "worker"));
  writeFileSync(join(home, "worker/main.py"), "print(1)\n");
  const secrets = [secret, "X-Amz-Signature", home];
  const workload = { secrets: { TOKEN: secret } };
  const spec = { workload, code: { bundle_path: join(home, "worker"), runtime_kind: "python" } };
  const made = await upsert(spec, { secrets, config: { api_key: API_KEY } });
  expect(JSON.stringify(made)).not.toContain(secret);
  await ask(
    "upsert",
    { name: "x", spec: { ...spec, surprise: secret, workload: { ...workload, limits: secret } } },
    { secrets },
  );
  for (const file of readdirSync(join(home, "state"), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const text = file.name + readFileSync(join(file.parentPath, file.name), "latin1");
    for (const word of [secret, API_KEY, "X-Amz"]) expect(text.includes(word), `${file.name}: ${word}`).toBe(false);
  }
  expect(bodies.filter((body) => body.includes(home))).toEqual([]);
  expect(
    bodies.filter((body) => body.includes(secret)).every((body) => body.startsWith("/publishers/seren-cloud/deploy ")),
  ).toBe(true);
});

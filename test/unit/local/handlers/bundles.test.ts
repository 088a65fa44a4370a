import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Calls } from "../../../support/in-process/local-calls.ts";

const BYTES = new Uint8Array([0x1f, 0x8b, 8, 0, 0xff, 0xfe]);
const sha256 = createHash("sha256").update(BYTES).digest("hex");
const BUNDLE = { sha256, size_bytes: 6, source_kind: "tar_gz" };

async function registered() {
  const calls = new Calls({ origin: "http://127.0.0.1:4711" });
  const { data } = (await calls.post("/deployment-bundles", BUNDLE)).body;
  const { host, ...headers } = data.upload_headers;
  const path = data.upload_url.replace("http://127.0.0.1:4711", "");
  const put = async (changes: Record<string, string | undefined> = {}, bytes: Uint8Array = BYTES, to = path) => {
    const all: Record<string, string> = {};
    for (const [name, value] of Object.entries<string | undefined>({ ...headers, ...changes })) {
      if (value !== undefined) all[name] = value;
    }
    const response = await calls.cloud.handle({ method: "PUT", path: to, headers: all, body: bytes });
    return response.drop ? "drop" : [response.status, /<Code>(.*)<\/Code>/.exec(String(response.body))?.[1]];
  };
  return { calls, data, host, put, path, id: data.deployment_bundle_id as string };
}

test("register, upload, complete, deploy", async () => {
  const { calls, data, host, put, id } = await registered();
  expect(data).toMatchObject({ ...BUNDLE, upload_required: true, upload_expires_at: "2026-01-01T00:15:00.000Z" });
  expect(host).toBe("127.0.0.1:4711");
  expect((await calls.post(`/deployment-bundles/${id}/complete`)).status).toBe(400);
  expect(await put()).toEqual([200, undefined]);
  const done = await calls.post(`/deployment-bundles/${id}/complete`);
  expect(done.body.data).toMatchObject({ id, sha256, size_bytes: 6, uploaded_at: "2026-01-01T00:00:00.000Z" });
  const execution = { type: "code", deployment_bundle_id: id, runtime_kind: "typescript" };
  const deployment = await calls.deploy({ workload: { execution } });
  expect((await calls.get(`/deployments/${deployment}`)).body.data).toMatchObject({
    orchestration_mode: "script",
    runtime_kind: "typescript",
    deployment_bundle_id: id,
    model_id: null,
  });
  expect((await calls.get(`/deployment-bundles/${id}`)).body.data).toEqual({
    bundle: done.body.data,
    deployment_ids: [deployment],
  });
  const again = await calls.post("/deployment-bundles", BUNDLE);
  expect(again.body.data).toEqual({ ...BUNDLE, deployment_bundle_id: id, upload_required: false });
});

describe("uploads that the object store refuses", () => {
  test.each([
    ["with a bearer token", { authorization: "Bearer x" }, BYTES, 400, "InvalidArgument"],
    ["without the announced headers", { "content-type": undefined }, BYTES, 403, "SignatureDoesNotMatch"],
    ["with another digest header", { "x-local-content-sha256": "00" }, BYTES, 403, "SignatureDoesNotMatch"],
    ["in chunks", { "transfer-encoding": "chunked" }, BYTES, 501, "NotImplemented"],
    ["of another size", {}, BYTES.subarray(1), 400, "IncompleteBody"],
    ["of other bytes", {}, new Uint8Array(6), 400, "BadDigest"],
  ])("%s", async (_, headers, bytes, status, code) => {
    const { put } = await registered();
    expect(await put(headers as Record<string, string | undefined>, bytes)).toEqual([status, code]);
    expect(await put()).toEqual([200, undefined]);
  });

  test("with another signature, for another bundle, or too late", async () => {
    const { calls, put, path, id } = await registered();
    expect(await put({}, BYTES, path.replace(/Signature=./, "Signature=g"))).toEqual([403, "SignatureDoesNotMatch"]);
    expect(await put({}, BYTES, path.replace(id, id.replace(/^./, "0")))).toEqual([403, "SignatureDoesNotMatch"]);
    await calls.ambient.advance(15 * 60 * 1000);
    expect(await put()).toEqual([403, "AccessDenied"]);
    await calls.post("/deployment-bundles", BUNDLE);
    expect(await put()).toEqual([403, "SignatureDoesNotMatch"]);
  });
});

test.each([
  ["an upper-case digest", { ...BUNDLE, sha256: sha256.toUpperCase() }],
  ["no size", { ...BUNDLE, size_bytes: undefined }],
  ["an empty bundle", { ...BUNDLE, size_bytes: 0 }],
  ["another format", { ...BUNDLE, source_kind: "zip" }],
  ["an unknown field", { ...BUNDLE, surprise: 1 }],
])("%s is refused", async (_, body) => {
  expect((await new Calls().post("/deployment-bundles", body)).status).toBe(400);
});

test("another size for a known digest is refused, an unknown bundle is not found", async () => {
  const { calls } = await registered();
  expect((await calls.post("/deployment-bundles", { ...BUNDLE, size_bytes: 7 })).status).toBe(400);
  expect((await calls.get("/deployment-bundles/0c0ffee0-0000-4000-8000-00000000000a")).status).toBe(404);
  expect((await calls.post("/deployment-bundles/0c0ffee0-0000-4000-8000-00000000000a/complete")).status).toBe(404);
});

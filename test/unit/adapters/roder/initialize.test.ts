import { expect, test, vi } from "vitest";
import { PROTOCOL_VERSION } from "#protocols/roder-extension";
import { parseManifest } from "../../../../src/adapters/roder/manifest/manifest.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";
import { Host, manifestOnDisk } from "./harness.ts";

const HELLO = {
  protocolVersion: PROTOCOL_VERSION,
  apiVersion: "0.1.0",
  extensionId: "roder-ext-seren-cloud",
  cwd: ".",
  grantedCapabilities: ["network.api.serendb.com"],
  config: {},
  eventFilter: { kinds: [] },
};

test("C4: the reply repeats the manifest on disk, services in its order", async () => {
  const host = new Host();
  const { result } = await host.call("extension/initialize", HELLO);
  expect(result).toEqual({
    protocolVersion: PROTOCOL_VERSION,
    extensionId: "roder-ext-seren-cloud",
    services: manifestOnDisk().services,
    manifestChecksum: manifestOnDisk().checksum,
  });
  const services = result?.services as { type: string; id: string; tools?: { name: string }[] }[];
  expect(services.map(({ type, id }) => `${type} ${id}`)).toEqual([
    "subagent_dispatcher seren-cloud",
    "task_executor seren-cloud-run",
    "tool_provider seren-cloud-tools",
  ]);
  expect(services[2]?.tools?.map(({ name }) => name)).toEqual([
    "seren_agents",
    "seren_dispatch",
    "seren_run_status",
    "seren_run_cancel",
  ]);
});

test("C4: the reply repeats the manifest even where it differs from the code", async () => {
  const bytes = Buffer.from(
    '\ufeffid = "other"\r\nname = ""\r\nversion = "9"\r\napi_version = "^0.1"\r\nprovides = [{ type = "task_executor", id = "x" }]\r\n',
  );
  const host = new Host({ manifest: parseManifest("/m.toml", bytes) });
  const { result } = await host.call("extension/initialize", { ...HELLO, extensionId: "other" });
  expect(result).toMatchObject({ extensionId: "other", services: [{ type: "task_executor", id: "x" }] });
  expect(await host.call("tasks/spec", { executorId: "seren-cloud-run" })).toMatchObject({
    error: { message: 'there is no task_executor "seren-cloud-run" here; this extension provides x' },
  });
  expect((await host.call("tasks/spec", { executorId: "x" })).error).toBeUndefined();
});

test.each(["0.2.1", "0.1.0", "0.2", "", "1.0.0"])("protocol version %j is refused by naming both", async (version) => {
  const { error } = await new Host().call("extension/initialize", { ...HELLO, protocolVersion: version });
  expect(error?.message).toBe(
    `Roder speaks protocol ${JSON.stringify(version)}, this extension speaks ${PROTOCOL_VERSION}: update the older of the two`,
  );
});

test("another extension id is refused by naming both", async () => {
  const { error } = await new Host().call("extension/initialize", { ...HELLO, extensionId: "someone-else" });
  expect(error?.message).toBe(
    'Roder expects extension "someone-else", the manifest roder-extension.toml is that of "roder-ext-seren-cloud"',
  );
});

test("an unusable manifest fails initialize and every method that depends on it", async () => {
  const manifest = new ExecutionFailure(
    "invalid_input",
    "the extension manifest /x/roder-extension.toml is not valid TOML",
  );
  const host = new Host({ manifest });
  for (const [method, params] of [
    ["extension/initialize", HELLO],
    ["subagents/definitions", { dispatcherId: "seren-cloud" }],
    ["tasks/spec", { executorId: "seren-cloud-run" }],
  ] as const) {
    expect((await host.call(method, params)).error?.message).toBe(manifest.message);
  }
});

test.each([
  null,
  [],
  "x",
  7,
  {},
  { ...HELLO, protocolVersion: 2 },
  { ...HELLO, extensionId: null },
  { ...HELLO, grantedCapabilities: {} },
])("malformed params %j are refused, and the next initialize is answered", async (params) => {
  const host = new Host();
  expect((await host.call("extension/initialize", params)).error?.code).toBe(-32602);
  expect(
    (await host.call("extension/initialize", { ...HELLO, somethingNew: [1], config: null })).error,
  ).toBeUndefined();
});

test("C5: definitions and spec come from memory before and after initialize, without loading the engine", async () => {
  const host = new Host();
  const definitions = await host.call("subagents/definitions", { dispatcherId: "seren-cloud" });
  const spec = await host.call("tasks/spec", { executorId: "seren-cloud-run" });
  expect(definitions.result?.definitions).toEqual([
    expect.objectContaining({ agent_type: "seren-agent", permission_mode: "default", max_result_chars: 20000 }),
  ]);
  expect(spec.result?.spec).toMatchObject({ kind: "seren-cloud-run", default_timeout_seconds: 1800 });
  expect(host.loads).toBe(0);
});

test("the engine is loaded after the first reply and not before", async () => {
  const order: string[] = [];
  const host = new Host({ warmUp: () => order.push("warm") });
  const after: (() => void)[] = [];
  await host.invoke("extension/initialize", HELLO, after);
  order.push("reply");
  for (const run of after) run();
  expect(order).toEqual(["reply", "warm"]);
});

test("the handshake timeout fires for a host that sends nothing, and for one that stops after initialize", async () => {
  const onHandshakeTimeout = vi.fn();
  const host = new Host({ onHandshakeTimeout });
  await host.ambient.advance(29_000);
  await host.call("extension/initialize", HELLO);
  await host.ambient.advance(29_000);
  expect(onHandshakeTimeout).not.toHaveBeenCalled();
  await host.ambient.advance(2_000);
  expect(onHandshakeTimeout).toHaveBeenCalledTimes(1);
});

test("the first request after initialize stops the handshake timeout for good", async () => {
  const onHandshakeTimeout = vi.fn();
  const host = new Host({ onHandshakeTimeout });
  await host.call("extension/initialize", HELLO);
  await host.call("tasks/spec", { executorId: "seren-cloud-run" });
  await host.ambient.advance(24 * 3_600_000);
  expect(onHandshakeTimeout).not.toHaveBeenCalled();
});

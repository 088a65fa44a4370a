/** The first request is answered before the program is loaded, with the reply that the program itself would give. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fnv1a64 } from "../../src/adapters/roder/manifest/manifest-file.ts";
import { Child, CLEAN_EXIT, PROGRAM, RELEASE_PROGRAM, scratchFolder } from "../support/child-process/child.ts";
import { request } from "../support/child-process/courier-host.ts";
import { MANIFEST_PATH } from "../support/child-process/roder-host.ts";
import { INITIALIZE } from "../support/child-process/roder-initialize.ts";

const initialize = (id: number, params: object = INITIALIZE) => ({
  jsonrpc: "2.0",
  id,
  method: "extension/initialize",
  params,
});

describe.each([
  ["npm build", PROGRAM],
  ["release file", RELEASE_PROGRAM],
])("%s", (_, program) => {
  const env = { SEREN_API_BASE: "local", SEREN_BRIDGE_RODER_MANIFEST: MANIFEST_PATH };

  test("courier", async () => {
    const child = new Child("courier", { program });
    child.send(request("capabilities"), request("capabilities"));
    expect(await child.end()).toEqual(CLEAN_EXIT);
    expect(child.messages).toHaveLength(2);
    expect(child.messages[0]).toEqual(child.messages[1]);
  });

  test("roder", async () => {
    const child = new Child("roder", { program, env });
    child.send(initialize(1), initialize(2));
    expect(await child.end()).toEqual(CLEAN_EXIT);
    expect(child.messages).toHaveLength(2);
    expect(child.messages[0]).toEqual({ ...child.messages[1], id: 1 });
  });
});

test("the reply built in for the shipped manifest equals the one for another manifest with the same content", async () => {
  const text = readFileSync(MANIFEST_PATH, "utf8");
  const results: unknown[] = [];
  for (const content of [text, `${text}# one more\n`]) {
    const manifest = join(scratchFolder(), "roder-extension.toml");
    writeFileSync(manifest, content);
    const child = new Child("roder", { env: { SEREN_API_BASE: "local", SEREN_BRIDGE_RODER_MANIFEST: manifest } });
    child.send(initialize(1));
    const reply = await child.message(0);
    expect(reply).toMatchObject({ id: 1, result: { manifestChecksum: fnv1a64(Buffer.from(content)) } });
    results.push({ ...reply, result: { ...("result" in reply && (reply.result as object)), manifestChecksum: "" } });
  }
  expect(results[0]).toEqual(results[1]);
});

test.each([
  ["another extension", { ...INITIALIZE, extensionId: "other" }, undefined],
  ["another protocol", { ...INITIALIZE, protocolVersion: "99.0.0" }, undefined],
  ["a folder that is none", { ...INITIALIZE, cwd: 5 }, undefined],
  ["a manifest that is no TOML", INITIALIZE, (text: string) => `= ${text}`],
])("%s is left to the program, which reports the problem", async (_, params, change) => {
  const manifest = join(scratchFolder(), "roder-extension.toml");
  const text = readFileSync(MANIFEST_PATH, "utf8");
  writeFileSync(manifest, change ? change(text) : text);
  const child = new Child("roder", { env: { SEREN_API_BASE: "local", SEREN_BRIDGE_RODER_MANIFEST: manifest } });
  child.send(initialize(1, params));
  expect(await child.message(0)).toMatchObject({ kind: "error", id: 1 });
});

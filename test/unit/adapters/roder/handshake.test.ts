import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PROTOCOL_VERSION } from "#protocols/roder-extension";
import { roderHandshake } from "../../../../src/adapters/roder/handshake/prepared-reply.ts";
import type { ShippedManifest } from "../../../../src/adapters/roder/manifest/manifest.ts";

const SHIPPED: ShippedManifest = {
  text: 'id = "x"\n',
  id: "x",
  version: "1.0.0",
  services: [{ type: "task_executor", id: "run" }],
  checksum: "00ff",
};
const HELLO = {
  protocolVersion: PROTOCOL_VERSION,
  apiVersion: "0.1.0",
  extensionId: "x",
  cwd: ".",
  grantedCapabilities: [],
};
const ECHO = {
  protocolVersion: PROTOCOL_VERSION,
  extensionId: "x",
  services: [{ type: "task_executor", id: "run" }],
  manifestChecksum: "00ff",
};

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "roder greeting "));
  mkdirSync(join(folder, "dist"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const manifest = (text: string | Buffer, ...place: string[]) =>
  writeFileSync(join(folder, ...place, "roder-extension.toml"), text);
const greet = (params: object = {}, explicitPath?: string) =>
  roderHandshake(
    join(folder, "dist", "program.mjs"),
    explicitPath,
    SHIPPED,
  )("extension/initialize", {
    ...HELLO,
    ...params,
  });

test("the prepared reply is given for the shipped manifest beside the program, above it, or at the explicit path", async () => {
  manifest(SHIPPED.text);
  expect(await greet()).toEqual(ECHO);
  expect(await greet({}, join(folder, "roder-extension.toml"))).toEqual(ECHO);
  manifest(SHIPPED.text, "dist");
  expect(await greet()).toEqual(ECHO);
});

test.each([
  ["other line endings", SHIPPED.text.replace("\n", "\r\n")],
  ["a byte-order mark", `\ufeff${SHIPPED.text}`],
  ["one byte more", `${SHIPPED.text}\n`],
  ["nothing", ""],
])("a manifest with %s is left to the extension, even with the shipped one a folder above", async (_, text) => {
  manifest(SHIPPED.text);
  manifest(text, "dist");
  expect(await greet()).toBeUndefined();
});

test("a missing manifest is left to the extension", async () => {
  expect(await greet()).toBeUndefined();
  manifest(SHIPPED.text);
  expect(await greet({}, join(folder, "elsewhere.toml"))).toBeUndefined();
});

test.each([
  ["another extension", { extensionId: "y" }],
  ["another protocol", { protocolVersion: "99.0.0" }],
  ["a folder that is none", { cwd: 5 }],
  ["capabilities that are none", { grantedCapabilities: [5] }],
])("a request with %s is left to the extension", async (_, params) => {
  manifest(SHIPPED.text);
  expect(await greet(params)).toBeUndefined();
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ManifestOnDisk, parseManifest, readManifest } from "../../../../src/adapters/roder/manifest/manifest.ts";
import { fnv1a64 } from "../../../../src/adapters/roder/manifest/manifest-file.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";

const V = [
  'id = "seren-demo"',
  'name = "Demo"',
  'version = "0.1.0"',
  'api_version = "^0.1"',
  'provides = [{ type = "task_executor", id = "demo-task" }]',
  "",
];

const EXAMPLE = `id = "seren-roder"
name = "Seren Cloud runs"
version = "0.1.0"
api_version = "^0.1"
description = "Runs subagents and background tasks on Seren Cloud"
required_capabilities = ["network.api.seren.example", "secret.read.SEREN_API_KEY"]

[[provides]]
type = "subagent_dispatcher"
id = "seren-cloud"

[[provides]]
type = "task_executor"
id = "seren-cloud-run"

[launch]
command = "node"
args = ["dist/child.js"]
startup_timeout_ms = 15000
`;

test.each([
  ["", 0, "cbf29ce484222325"],
  ["a", 1, "af63dc4c8601ec8c"],
  ["foobar", 6, "85944171f73967e8"],
  ["café\n", 6, "8722cceed3c2f599"],
  [V.join("\n"), 129, "df9131769721a62e"],
  [V.join("\r\n"), 134, "4c526da9f69518c5"],
  [EXAMPLE, 435, "757a26ada5406915"],
])("C4: checksums are those of the host's own function (%#)", (text, length, checksum) => {
  const bytes = Buffer.from(text);
  expect(bytes.length).toBe(length);
  expect(fnv1a64(bytes)).toBe(checksum);
});

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "roder manifest "));
});
afterAll(() => rmSync(folder, { recursive: true }));

const place = (...path: string[]) => join(folder, ...path);

function write(text: string, ...path: string[]): string {
  mkdirSync(join(place(...path), ".."), { recursive: true });
  writeFileSync(place(...path), text);
  return place(...path);
}

const checksumOf = (manifest: ManifestOnDisk | ExecutionFailure) =>
  manifest instanceof ExecutionFailure ? manifest.message : manifest.checksum;

test("C17: the manifest is found beside the program or one folder up, through symlinks and spaces", () => {
  write(EXAMPLE, "a package", "roder-extension.toml");
  const program = write("", "a package", "dist", "seren-bridge.mjs");
  mkdirSync(place("bin"));
  symlinkSync(program, place("bin", "seren-bridge"));
  expect(checksumOf(readManifest(program))).toBe("757a26ada5406915");
  expect(checksumOf(readManifest(place("bin", "seren-bridge")))).toBe("757a26ada5406915");

  write(V.join("\n"), "a package", "dist", "roder-extension.toml");
  expect(checksumOf(readManifest(program))).toBe("df9131769721a62e");
});

test("an explicit path is used as it is", () => {
  const explicit = write(V.join("\r\n"), "elsewhere.toml");
  expect(checksumOf(readManifest("/nowhere/at/all.mjs", explicit))).toBe("4c526da9f69518c5");
});

test("a file equal to the shipped manifest is not parsed again; any other file is", () => {
  const shipped = { text: EXAMPLE, id: "of the build", version: "9", services: [], checksum: "00ff" };
  const same = write(EXAMPLE, "same.toml");
  expect(readManifest("/x", same, shipped)).toMatchObject({ path: same, id: "of the build", checksum: "00ff" });
  const other = write(`${EXAMPLE}\n`, "other.toml");
  expect(readManifest("/x", other, shipped)).toMatchObject({ path: other, id: "seren-roder" });
});

test("a missing manifest is reported with every path that was tried", () => {
  const missing = readManifest(place("empty", "dist", "seren-bridge.mjs"));
  expect(checksumOf(missing)).toBe(
    `the extension manifest cannot be read: ${place("empty", "dist", "roder-extension.toml")} (does not exist), ${place("empty", "roder-extension.toml")} (does not exist). ` +
      "Install seren-bridge again, or set SEREN_BRIDGE_RODER_MANIFEST to the file Roder loaded",
  );
  expect(checksumOf(readManifest("/x", place("gone.toml")))).toContain(`${place("gone.toml")} (does not exist)`);
  mkdirSync(place("folder.toml"));
  expect(checksumOf(readManifest("/x", place("folder.toml")))).toContain("it is a folder");
});

test.each([
  ['id = "unterminated', "is not valid TOML: "],
  ['id = "x"\nname = ""\nversion = "1"\napi_version = "^0.1"\n', "does not fit: provides: "],
  [
    'id = " "\nname = ""\nversion = "1"\napi_version = "^0.1"\n[[provides]]\ntype = "task_executor"\nid = "x"\n',
    "does not fit: id: ",
  ],
  [
    'id = "x"\nname = ""\nversion = "1"\napi_version = "^0.1"\n[[provides]]\ntype = "agent_backend"\nid = "x"\n',
    "does not fit: provides.0",
  ],
  ['{"id": "x"}', "is not valid TOML: "],
  ["\0", "is not valid TOML: "],
])("a manifest the host would refuse is refused with its path and the reason (%#)", (text, reason) => {
  const refuse = () => parseManifest("/x/roder-extension.toml", Buffer.from(text));
  expect(refuse).toThrow(ExecutionFailure);
  expect(refuse).toThrow(`the extension manifest /x/roder-extension.toml ${reason}`);
});

test("bytes that are not UTF-8 are refused", () => {
  const bytes = Buffer.concat([Buffer.from(V.join("\n")), Buffer.from([0x23, 0xff, 0x0a])]);
  expect(() => parseManifest("/x", bytes)).toThrow("is not valid TOML");
});

test("services are kept with their unknown members", () => {
  const text = `${V.slice(0, 4).join("\n")}\nprovides = [{ type = "task_executor", id = "t", extra = 1 }, { type = "event_sink", id = "e" }]\n`;
  expect(parseManifest("/x", Buffer.from(text)).services).toEqual([
    { type: "task_executor", id: "t", extra: 1 },
    { type: "event_sink", id: "e" },
  ]);
});

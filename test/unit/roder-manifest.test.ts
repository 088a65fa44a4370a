/** C18: the manifests Roder reads, against its own rules: one that breaks them keeps the whole of Roder from starting. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { ManifestSchema } from "#protocols/roder-extension";
import { phaseWord } from "../../src/adapters/roder/reporting/status-text.ts";

const text = (name: string) => readFileSync(name, "utf8");
const source: unknown = JSON.parse(text("roder-extension.json"));
const manifest = ManifestSchema.parse(source);
const pkg: { name: string; version: string; files: string[]; bin: Record<string, string>; private?: boolean } =
  JSON.parse(text("package.json"));

test("the TOML says what the reviewed JSON says", () => {
  expect(parse(text("roder-extension.toml"))).toEqual(source);
});

test("writing the manifests again changes no byte", () => {
  const folder = mkdtempSync(join(tmpdir(), "roder manifests "));
  try {
    execFileSync(process.execPath, ["scripts/write-manifests.mjs", folder], { stdio: "pipe" });
    for (const name of ["roder-extension.toml", "roder.toml"]) {
      expect(readFileSync(join(folder, name)).equals(readFileSync(name)), name).toBe(true);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(["roder-extension.toml", "roder.toml"])(
  "%s is plain TOML 1.0 for every reader: no BOM, LF only, ends in LF",
  (name) => {
    const content = text(name);
    expect(content.charCodeAt(0)).not.toBe(0xfeff);
    expect(content).not.toContain("\r");
    expect(content.endsWith("\n")).toBe(true);
    expect(content).not.toContain("{"); // no inline tables, whose rules differ between TOML versions
  },
);

test("top-level members come before the first table, services before [launch]", () => {
  const lines = text("roder-extension.toml").split("\n");
  const firstTable = lines.findIndex((line) => line.startsWith("["));
  for (const member of ["id", "name", "version", "api_version", "required_capabilities"]) {
    expect(
      lines.findIndex((line) => line.startsWith(`${member} = `)),
      member,
    ).toBeLessThan(firstTable);
  }
  expect(lines.lastIndexOf("[[provides]]")).toBeLessThan(lines.indexOf("[launch]"));
});

test("names are the ones the design gives, and none is taken by Roder", () => {
  expect(manifest.id).toBe("roder-ext-seren-cloud");
  expect(manifest.provides.map(({ type, id }) => [type, id])).toEqual([
    ["subagent_dispatcher", "seren-cloud"],
    ["task_executor", "seren-cloud-run"],
    ["tool_provider", "seren-cloud-tools"],
  ]);
  expect(manifest.api_version).toBe("^0.1"); // ^0.2, which the scaffold of Roder writes, is refused by Roder
  expect(manifest.required_capabilities).toEqual(["network.api.serendb.com", "secret.read.SEREN_API_KEY"]);
  expect(manifest.launch).toEqual({
    command: "node",
    args: ["roder-extension.mjs", "roder"],
    startup_timeout_ms: 15000,
  });
});

test("tools: unique seren_ names, object schemas, and no name that makes Roder ask where it should not", () => {
  const tools = manifest.provides.flatMap((service) => (service.type === "tool_provider" ? service.tools : []));
  const names = tools.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, parameters } of tools) {
    expect(name).toMatch(/^seren_[a-z_]+$/);
    expect(parameters.type).toBe("object");
  }
  const asks = /write|edit|patch|delete|mkdir|move|rename|process|spawn|shell|bash|exec|terminal|command/;
  expect(names.filter((name) => asks.test(name))).toEqual(["seren_dispatch"]);
});

test("no number of the manifest is a float: the host finds 1.0 and 1 different", () => {
  const numbers = text("roder-extension.toml")
    .split("\n")
    .map((line) => / = (-?[\d.eE+]+)$/.exec(line)?.[1])
    .filter((number) => number !== undefined);
  expect(numbers.length).toBeGreaterThan(0);
  for (const number of numbers) expect(number).toMatch(/^\d+$/);
});

test("one version everywhere, and the package has what Roder needs to install it", () => {
  expect(manifest.version).toBe(pkg.version);
  expect(parse(text("roder.toml"))).toEqual({
    package: expect.objectContaining({ id: "seren-bridge", version: pkg.version }),
    resources: { extensions: ["roder-extension.toml"], skills: ["skills"], commands: ["commands"] },
  });
  expect("seren-bridge").toMatch(/^[a-z0-9][a-z0-9._-]{0,99}$/);
  for (const file of ["roder.toml", "roder-extension.toml", "skills", "commands"]) expect(pkg.files).toContain(file);
  expect(pkg.files).toContain(manifest.launch?.args?.[0]);
  expect(pkg.private).toBeUndefined();
});

test("the skill has the front matter Roder wants, names every tool, and every state a look at a run begins with", () => {
  const skill = text("skills/seren-cloud/SKILL.md");
  expect(skill).toMatch(/^---\nname: seren-cloud\ndescription: [^\n:]{50,400}\n---\n/); // a colon would end the YAML value
  const tools = manifest.provides.flatMap((service) => (service.type === "tool_provider" ? service.tools : []));
  for (const { name } of tools) expect(skill).toContain(`\`${name}\``);
  const phases = [
    "resolving",
    "deploying",
    "submitting",
    "queued",
    "running",
    "awaiting_approval",
    "reconnecting",
    "cancelling",
    "reconciling",
  ] as const;
  for (const phase of phases) expect(skill).toContain(`\`${phaseWord(phase)}\``);
});

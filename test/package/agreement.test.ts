/**
 * What stands in more than one place stands there alike: versions, names, service ids, variables, capabilities, addresses.
 * Code is compared by its exports and replies, documents by their text.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import * as z from "zod";
import { CatalogSchema, CourierPluginManifestSchema } from "#protocols/dispatch-courier";
import { DeploymentPluginManifestSchema } from "#protocols/dispatch-deployment";
import { ManifestSchema } from "#protocols/roder-extension";
import { CAPABILITIES } from "../../src/adapters/courier/capabilities.ts";
import { PLUGIN_NAME } from "../../src/adapters/courier/install/dispatch-registry.ts";
import { EXTENSION_ID } from "../../src/adapters/roder/install/roder-config.ts";
import { TASK_SPEC } from "../../src/adapters/roder/tasks/task-input.ts";
import { DEFAULT_API_BASE, readConfig } from "../../src/config.ts";
import { ROOT } from "./tarball.ts";

const text = (path: string) => readFileSync(join(ROOT, path), "utf8");
const json = (path: string): unknown => JSON.parse(text(path));
const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.ts$/.test(name),
);
const inSources = (pattern: RegExp) => [
  ...new Set(sources.flatMap((name) => text(join("src", name)).match(pattern) ?? [])),
];
const words = (document: string, pattern: RegExp) => [...new Set(document.match(pattern) ?? [])].sort();

const PackageSchema = z.looseObject({
  name: z.string(),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  description: z.string(),
  license: z.string(),
  mcpName: z.string(),
  engines: z.strictObject({ node: z.string() }),
  repository: z.strictObject({ type: z.literal("git"), url: z.string() }),
  bin: z.record(z.string(), z.string()),
  files: z.array(z.string()),
});

/** `server.json`, for the MCP registry: its schema 2025-12-11, as far as it is used. */
const McpServerSchema = z.strictObject({
  $schema: z.literal("https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"),
  name: z.string(),
  title: z.string(),
  description: z.string().max(100),
  version: z.string(),
  repository: z.strictObject({ url: z.string(), source: z.literal("github") }),
  packages: z.tuple([
    z.strictObject({
      registryType: z.literal("npm"),
      identifier: z.string(),
      version: z.string(),
      transport: z.strictObject({ type: z.literal("stdio") }),
      packageArguments: z.array(z.strictObject({ type: z.literal("positional"), value: z.string() })),
      environmentVariables: z.array(
        z.strictObject({
          name: z.string(),
          description: z.string(),
          isRequired: z.boolean(),
          isSecret: z.literal(true),
        }),
      ),
    }),
  ]),
});

/** `catalog/acp/agent.json`, for the registry of ACP agents: its schema, as far as it is used. `license_url` is mandatory there. */
const AcpAgentSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  name: z.string(),
  version: z.string(),
  description: z.string(),
  repository: z.url(),
  website: z.url(),
  authors: z.tuple([z.string()]),
  license: z.string(),
  license_url: z.url(),
  distribution: z.strictObject({ npx: z.strictObject({ package: z.string(), args: z.tuple([z.string()]) }) }),
});

/** Variables of other people's programs that ours honours, or that a host gives. */
const FOREIGN = /^(NO_COLOR|CI|HOME|PATH)$/;

test("package, manifests, catalog, README and code say the same", () => {
  const pkg = PackageSchema.parse(json("package.json"));
  const lock = z.looseObject({ version: z.string(), packages: z.looseObject({}) }).parse(json("package-lock.json"));
  const plugin = CourierPluginManifestSchema.parse(json("courier-plugin.json"));
  const extension = ManifestSchema.parse(json("roder-extension.json"));
  const catalog = CatalogSchema.parse(json("catalog/extensions.json"));
  const roderPackage = z
    .looseObject({ package: z.looseObject({ id: z.string(), version: z.string(), description: z.string() }) })
    .parse(parse(text("roder.toml"))).package;
  const server = McpServerSchema.parse(json("server.json"));
  const [mcpPackage] = server.packages;
  const agent = AcpAgentSchema.parse(json("catalog/acp/agent.json"));
  const readme = text("README.md");
  const deployer = DeploymentPluginManifestSchema.parse(json("deployment-plugin.json"));
  const [entry, standalone, deployments, standaloneDeployments, ...others] = catalog.entries;
  if (!entry || !standalone || !deployments || !standaloneDeployments) throw new Error("the catalog lacks an entry");

  // Versions.
  expect(others).toEqual([]);
  expect({
    lock: lock.version,
    plugin: plugin.version,
    extension: extension.version,
    roderPackage: roderPackage.version,
    catalog: entry.version,
    tag: entry.source?.tag,
    standalone: standalone.version,
    standaloneTag: standalone.source?.tag,
    deployer: deployer.version,
    deployments: [deployments.version, standaloneDeployments.version],
    deploymentTags: [deployments.source?.tag, standaloneDeployments.source?.tag],
    server: server.version,
    serverPackage: mcpPackage.version,
    agent: agent.version,
    agentPackage: agent.distribution.npx.package,
  }).toEqual({
    lock: pkg.version,
    plugin: pkg.version,
    extension: pkg.version,
    roderPackage: pkg.version,
    catalog: pkg.version,
    tag: `v${pkg.version}`,
    standalone: pkg.version,
    standaloneTag: `v${pkg.version}`,
    deployer: pkg.version,
    deployments: [pkg.version, pkg.version],
    deploymentTags: [`v${pkg.version}`, `v${pkg.version}`],
    server: pkg.version,
    serverPackage: pkg.version,
    agent: pkg.version,
    agentPackage: `${pkg.name}@${pkg.version}`,
  });
  expect(plugin.protocol_version).toBe(entry.protocol_version);
  expect(plugin.transport).toBe(entry.protocol);
  expect(parse(text("roder-extension.toml"))).toEqual(json("roder-extension.json"));
  const floor = pkg.engines.node.replace(">=", "");
  expect(readme).toContain(`Node ${floor} or newer`);
  expect(entry.install_hint).toContain(`Node ${floor} or newer`);

  // Names.
  expect(pkg.name).toBe("seren-bridge");
  expect([roderPackage.id, catalog.catalog_id, ...Object.keys(pkg.bin)]).toEqual([pkg.name, pkg.name, pkg.name]);
  expect([plugin.name, CAPABILITIES.courier_id, PLUGIN_NAME]).toEqual(["seren-cloud", "seren-cloud", "seren-cloud"]);
  expect(entry.name).toBe(`courier-${plugin.name}`);
  expect(entry.install_hint).toContain(`--courier ${plugin.name}`);
  expect(standalone.name).toBe(`courier-${plugin.name}-standalone`);
  expect(standalone.install_hint).toContain(`--courier ${plugin.name}`);
  expect(readme).toContain(`--courier ${plugin.name}`);
  expect(extension.id).toBe(EXTENSION_ID);
  expect(readme).toContain(`id = "${extension.id}"`);
  expect([roderPackage.description, entry.description]).toEqual([pkg.description, pkg.description]);
  expect(text("LICENSE")).toMatch(new RegExp(`^${pkg.license} License`));

  expect([server.name, server.title]).toEqual([pkg.mcpName, extension.name]);
  expect(pkg.mcpName).toBe(pkg.repository.url.replace(/^git\+https:\/\/github\.com\/(.*)\.git$/, "io.github.$1"));
  expect([mcpPackage.identifier, mcpPackage.packageArguments]).toEqual([
    pkg.name,
    [{ type: "positional", value: "mcp" }],
  ]);
  expect(text("src/app/front-ends.ts")).toContain('mode: "mcp"');
  expect(mcpPackage.environmentVariables.map(({ name }) => name)).toEqual(entry.requirements?.secrets);

  expect([agent.id, agent.name, agent.license]).toEqual([pkg.name, server.title, pkg.license]);
  expect(text("LICENSE")).toContain(agent.authors[0]);
  expect(agent.distribution.npx.args).toEqual(["acp"]);
  expect(text("src/app/front-ends.ts")).toContain('mode: "acp"');
  expect(existsSync(join(ROOT, agent.website.replace(`${server.repository.url}/blob/main/`, "")))).toBe(true);
  expect([agent.repository, agent.license_url]).toEqual([
    server.repository.url,
    `${server.repository.url}/blob/main/LICENSE`,
  ]);
  // The registry refuses an icon of another size or with colours of its own.
  const icon = text("catalog/acp/icon.svg");
  expect(icon).toMatch(/^<svg [^>]*width="16" height="16" viewBox="0 0 16 16">/);
  expect(words(icon, /(?<=(?:fill|stroke)=")[^"]+/g)).toEqual(["currentColor", "none"]);

  // The program both manifests start.
  const program = pkg.bin[pkg.name] ?? "";
  expect(plugin.exec).toEqual({ command: `./${program}`, args: ["courier"] });
  const [started = "", mode] = extension.launch?.args ?? [];
  expect(mode).toBe("roder");
  expect([program, ...pkg.files]).toContain(started);
  for (const said of [program, "roder-extension.toml"]) expect(readme).toContain(`/path/to/seren-bridge/${said}`);

  // Service and tool ids.
  const services = extension.provides.map(({ type, id }) => [type, id]);
  expect(services).toEqual([
    ["subagent_dispatcher", "seren-cloud"],
    ["task_executor", TASK_SPEC.kind],
    ["tool_provider", "seren-cloud-tools"],
  ]);
  expect(readme).toContain(`roder tasks submit ${TASK_SPEC.kind} `);
  const tools = extension.provides.flatMap((service) =>
    service.type === "tool_provider" ? service.tools.map(({ name }) => name) : [],
  );
  expect(words(readme, /(?<=`)seren_[a-z_]+(?=`)/g)).toEqual([...tools].sort());
  expect(inSources(/\bseren_(?:agents|dispatch|run_[a-z]+)\b/g).sort()).toEqual([...tools].sort());

  // The variables that the configuration reads are those of the README's table, and no other is mentioned.
  const read = words(text("src/config.ts") + text("src/folders.ts"), /(?<=")(?:SEREN_[A-Z_]+|[A-Z]+_PROXY)(?=")/g);
  const rows = readme.split("\n").filter((line) => /^\| `(SEREN_|HTTP)/.test(line));
  expect(
    words(rows.map((row) => row.split(" | ")[0]).join("\n"), /(?<=`)(?:SEREN_[A-Z_]+|[A-Z]+_PROXY)(?=`)/g),
  ).toEqual(read);
  const known = new Set([...read, "SEREN_"]);
  for (const document of [
    readme,
    text("docs/cli.md"),
    text("CONTRIBUTING.md"),
    ...sources.map((name) => text(join("src", name))),
  ]) {
    const named = words(document, /\bSEREN_(?:API|BRIDGE)_[A-Z_]+\b/g);
    expect(named.filter((name) => !known.has(name) && !FOREIGN.test(name))).toEqual([]);
  }
  expect(entry.auth?.method).toBe("api_key");
  expect(entry.requirements?.secrets).toEqual(["SEREN_API_KEY"]);

  // Capabilities and addresses.
  const host = new URL(DEFAULT_API_BASE).hostname;
  expect(readConfig({}).apiBase()).toBe(`${DEFAULT_API_BASE}/publishers/seren-cloud`);
  expect(extension.required_capabilities).toEqual([`network.${host}`, "secret.read.SEREN_API_KEY"]);
  expect(entry.requirements?.network_domains).toEqual([host]);
  expect(readme).toContain(`default \`${DEFAULT_API_BASE}\``);
  expect(inSources(/https:\/\/[a-z.]*serendb\.com/g)).toEqual([DEFAULT_API_BASE]);
  const home = pkg.repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
  expect(catalog.repository).toBe(home);
  expect(`https://github.com/${entry.source?.repo}`).toBe(home);
  expect(entry.manifest_url).toBe(`${home}/releases/download/v${pkg.version}/courier-plugin.json`);
  for (const { kind, manifest_url } of [deployments, standaloneDeployments]) {
    expect([kind, manifest_url]).toEqual(["deployment", entry.manifest_url?.replace("courier-", "deployment-")]);
  }
  const names = catalog.entries.map(({ name }) => name);
  expect(names).toEqual(
    ["courier", "deployment"].flatMap((kind) => ["", "-standalone"].map((suffix) => `${kind}-seren-cloud${suffix}`)),
  );
});

/**
 * The packed tarball: what is in it, what tools of others say of it, and that it works in an empty folder, as executable,
 * as both hosts' front end and as a library, with and without network. Other Nodes: node-matrix.campaign.ts.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { measurePackage } from "../../bench/b15-package.ts";
import { describeProgram, runProgram } from "./installed-program.ts";
import { CONSUMER } from "./programs.ts";
import { installed, pack, ROOT, type Tarball } from "./tarball.ts";

const run = promisify(execFile);
const TOOLS = join(ROOT, "scripts", "tools", "node_modules");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

let tarball: Tarball;
let folder: string;
beforeAll(async () => {
  tarball = await pack();
  folder = await installed(tarball);
}, 180_000);
afterAll(() => tarball?.remove());

test("the benchmark of its size and installation gives rows", async () => {
  const rows = await measurePackage(tarball, { rounds: 1, scale: 1 });
  expect(rows.map(({ what }) => what)).toEqual(["unpacked, without maps", "files", "npm install of the tarball"]);
  for (const { measured } of rows) expect(measured).not.toMatch(/NaN|undefined/);
});

test("the tarball holds exactly what is needed", () => {
  // The bundler names chunks by their content.
  const names = tarball.files.map((path) => path.replace(/-[A-Z0-9]{8}\.mjs$/, "-*.mjs"));
  expect([...new Set(names)]).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "THIRD-PARTY-NOTICES.md",
    "catalog/acp/agent.json",
    "catalog/acp/icon.svg",
    "catalog/extensions.json",
    "commands/seren-run.md",
    "commands/seren-status.md",
    "courier-plugin.json",
    "deployment-plugin.json",
    "dist/acp.mjs",
    "dist/begin-batch-*.mjs",
    "dist/chunk-*.mjs",
    "dist/courier.mjs",
    "dist/deployment.mjs",
    "dist/dispatch-check-*.mjs",
    "dist/dispatch-registry-*.mjs",
    "dist/dist-*.mjs",
    "dist/engine-*.mjs",
    "dist/export-*.mjs",
    "dist/index.d.ts",
    "dist/index.mjs",
    "dist/json-file-*.mjs",
    "dist/local-*.mjs",
    "dist/local-service-*.mjs",
    "dist/mcp.mjs",
    "dist/model-endpoint-*.mjs",
    "dist/notices-*.mjs",
    "dist/parcel-request-*.mjs",
    "dist/remote-services-*.mjs",
    "dist/roder-check-*.mjs",
    "dist/roder-config-*.mjs",
    "dist/roder-entry-*.mjs",
    "dist/roder-package-*.mjs",
    "dist/roder.mjs",
    "dist/schemas-*.mjs",
    "dist/seren-bridge.mjs",
    "dist/settings-*.mjs",
    "dist/settings-report-*.mjs",
    "dist/state-*.mjs",
    "dist/sync-*.mjs",
    "dist/terminal.mjs",
    "dist/toml-file-*.mjs",
    "dist/yaml-file-*.mjs",
    "docs/acp.md",
    "docs/batch.md",
    "docs/cli.md",
    "docs/configuration.md",
    "docs/cost.md",
    "docs/deploy.md",
    "docs/export.md",
    "docs/going-on.md",
    "docs/live-view.svg",
    "docs/local.md",
    "docs/mcp.md",
    "docs/notices.md",
    "package.json",
    "roder-extension.json",
    "roder-extension.mjs",
    "roder-extension.toml",
    "roder.toml",
    "server.json",
    "skills/seren-cloud/SKILL.md",
  ]);
});

test("every chunk in it is one that something in it loads", () => {
  const chunks = tarball.files.filter((path) => path.startsWith("dist/") && path.endsWith(".mjs"));
  const loaded = new Set(["dist/seren-bridge.mjs", "dist/index.mjs"]);
  for (const path of loaded) {
    const code = readFileSync(join(ROOT, path), "utf8");
    for (const [, name] of code.matchAll(/["']\.\/([\w.-]+\.mjs)["']/g)) loaded.add(`dist/${name}`);
  }
  expect([...loaded].sort()).toEqual(chunks);
});

test("nothing is installed with it and nothing runs at installation", () => {
  for (const member of ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"]) {
    expect(manifest, member).not.toHaveProperty(member);
  }
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    expect(manifest.scripts, script).not.toHaveProperty(script);
  }
});

test("the notices name every package whose code is in our files, with its licence", () => {
  const notices = readFileSync(join(ROOT, "THIRD-PARTY-NOTICES.md"), "utf8");
  const { inputs } = JSON.parse(readFileSync(join(ROOT, "dist", "metafile-esm.json"), "utf8"));
  const bundled = Object.keys(inputs).flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const named = [...notices.matchAll(/^## (\S+) \d/gm)].map(([, name]) => name);
  expect(named).toEqual([...new Set(bundled)].sort());
  expect(notices.match(/^(MIT|ISC|BSD-3-Clause), https:/gm)).toHaveLength(named.length);
});

const NO_TOOLS = existsSync(TOOLS) ? "" : " (skipped: the tools are not installed, npm ci --prefix scripts/tools)";

test.skipIf(NO_TOOLS !== "").each([
  ["publint", "publint/src/cli.js", () => ["--strict", tarball.path]],
  ["are the types wrong", "@arethetypeswrong/cli/dist/index.js", () => ["--profile", "esm-only", tarball.path]],
  ["knip", "knip/bin/knip.js", () => ["--no-config-hints"]],
] as const)(
  `%s has nothing to object${NO_TOOLS}`,
  async (_, program, args) => {
    const done = run(process.execPath, [join(TOOLS, program), ...args()], { cwd: ROOT });
    const said = await done.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr);
    expect(said, String(said)).not.toBeTypeOf("string");
  },
  120_000,
);

describeProgram({ name: process.version, node: process.execPath }, () => folder);

const EXAMPLES = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```js\n([\s\S]*?)^```/gm)].map(
  ([, text = ""], index) => ({ name: `readme-${index + 1}`, text }),
);

test("the README has an example of each way to run", () => {
  expect(EXAMPLES.map(({ text }) => /cloud\.(run|execute)\(/.exec(text)?.[1])).toEqual(["run", "execute"]);
});

test.each(EXAMPLES)("the README's library example $name does what it shows", async ({ name, text }) => {
  writeFileSync(join(folder, `${name}.mjs`), text);
  const said = await runProgram({ folder, args: [join(folder, `${name}.mjs`)], offline: true });
  expect(said).toMatch(/^You said: Summarise the release notes\n[\s\S]*\ncompleted \{/);
});

test.each([
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])(
  "its types are complete for a strict program, and the README's examples compile, module %s, resolution %s",
  async (module, moduleResolution) => {
    const compilerOptions = {
      module,
      moduleResolution,
      target: "es2023",
      lib: ["es2023"],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      typeRoots: [join(ROOT, "node_modules", "@types")],
      types: ["node"],
    };
    const programs = [{ name: "consumer", text: CONSUMER }, ...EXAMPLES];
    for (const { name, text } of programs) writeFileSync(join(folder, `${name}.ts`), text);
    const files = programs.map(({ name }) => `${name}.ts`);
    writeFileSync(join(folder, `tsconfig.${module}.json`), JSON.stringify({ compilerOptions, files }));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const done = await run(process.execPath, [tsc, "-p", `tsconfig.${module}.json`], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(done.stdout).toBe("");
  },
  120_000,
);

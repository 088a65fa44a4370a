/**
 * Makes everything a release consists of, in `release/`, and publishes nothing: the npm tarball, the one-file program, the
 * self-contained executables, both manifests, the Dispatch catalog, the bill of materials, notices and checksums. What
 * this machine can run is run.
 *
 * Usage: node scripts/release/build.mjs [--executables all|host|none]
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compile, HOST, TARGETS } from "./bun.mjs";

const { values } = parseArgs({ options: { executables: { type: "string", default: "all" } } });
const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "release");
const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const run = (program, args, options = {}) => execFileSync(program, args, { cwd: root, encoding: "utf8", ...options });
const npm = (...args) =>
  run("npm", args, { shell: process.platform === "win32", stdio: ["ignore", "pipe", "inherit"] });

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

npm("pack", "--silent", "--pack-destination", out); // builds first, types included
const program = join(out, `${name}.mjs`);
copyFileSync(join(root, "dist-release", `${name}.mjs`), program);
chmodSync(program, 0o755);
for (const file of ["roder-extension.toml", "THIRD-PARTY-NOTICES.md", "LICENSE"]) {
  copyFileSync(join(root, file), join(out, file));
}

// The program lies beside the manifests in a release, not in dist/.
for (const file of ["courier-plugin.json", "deployment-plugin.json"]) {
  const plugin = JSON.parse(readFileSync(join(root, file), "utf8"));
  writeJson(file, { ...plugin, exec: { ...plugin.exec, command: `./${name}.mjs` } });
}
run(process.execPath, ["scripts/write-catalog.mjs", "--release-file", program, "--out", join(out, "extensions.json")]);

const wanted = TARGETS.filter(
  (target) => values.executables === "all" || (values.executables === "host" && target.name === HOST),
);
const cache = join(root, "node_modules", ".cache", "seren-bridge-release");
const entry = join(root, "scripts", "release", "executable.mjs");
for (const target of wanted) compile(target, entry, { cache, out, name });

writeJson(`${name}-${version}.cdx.json`, billOfMaterials());

const runnable = [
  [process.execPath, program],
  ...(wanted.some((one) => one.name === HOST) ? [[join(out, `${name}-${HOST}`)]] : []),
];
for (const [command, ...args] of runnable) {
  const said = run(command, [...args, "--version"]).trim();
  if (said !== version) throw new Error(`${args[0] ?? command} says it is ${said}, not ${version}`);
  const env = { ...process.env, SEREN_API_BASE: "local" };
  const answer = run(command, [...args, "run", "hello"], { env, stdio: ["ignore", "pipe", "pipe"] });
  if (!answer.startsWith("You said: hello\n")) throw new Error(`${args[0] ?? command} cannot run an agent: ${answer}`);
}

const sums = readdirSync(out)
  .sort()
  .map(
    (file) =>
      `${createHash("sha256")
        .update(readFileSync(join(out, file)))
        .digest("hex")}  ${file}\n`,
  );
writeFileSync(join(out, "SHA256SUMS"), sums.join(""));
for (const file of readdirSync(out).sort())
  console.log(`${String(statSync(join(out, file)).size).padStart(11)}  ${file}`);

function writeJson(file, value) {
  writeFileSync(join(out, file), `${JSON.stringify(value, null, 2)}\n`);
}

/** What npm knows of the packages whose code is in our files; the rest of its list only helped to build them. */
function billOfMaterials() {
  const sbom = JSON.parse(npm("sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application"));
  const { inputs } = JSON.parse(readFileSync(join(root, "dist", "metafile-esm.json"), "utf8"));
  const names = Object.keys(inputs).flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  const bundled = new Set(
    names.map((one) => `${one}@${JSON.parse(readFileSync(join(root, "node_modules", one, "package.json"))).version}`),
  );
  const components = sbom.components
    .filter((component) => bundled.has(component["bom-ref"]))
    .map(({ properties, ...component }) => component); // npm calls them development packages
  if (components.length !== bundled.size) throw new Error("the bill of materials does not name every bundled package");
  const refs = new Set([sbom.metadata.component["bom-ref"], ...components.map((component) => component["bom-ref"])]);
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
  const component = { ...sbom.metadata.component, name };
  return { ...sbom, metadata: { ...sbom.metadata, component }, components, dependencies };
}

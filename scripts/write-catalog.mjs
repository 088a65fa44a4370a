/**
 * Writes `catalog/extensions.json`, the Dispatch catalog, and brings the version in the two plugin manifests to that of
 * `package.json`. Everything comes from `package.json` and these manifests, so a release changes one number.
 *
 * Usage: node scripts/write-catalog.mjs [--release-file FILE] [--base-url URL] [--out FILE]
 *   --release-file   puts the file's SHA-256 into the entry; without it the host takes the hash from SHA256SUMS
 *   --base-url       where releases are downloaded from (default https://github.com)
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const readJson = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

const { values } = parseArgs({
  options: { "release-file": { type: "string" }, "base-url": { type: "string" }, out: { type: "string" } },
});

const { version, description, repository } = readJson("package.json");
const [COURIER, DEPLOYMENT] = ["courier-plugin.json", "deployment-plugin.json"].map((file) => {
  const manifest = readJson(file);
  if (manifest.version !== version) writeJson(join(root, file), { ...manifest, version });
  return { ...manifest, file };
});

const repo = /github\.com\/([^/]+\/[^/.]+)/.exec(repository.url)[1];
const tag = `v${version}`;
const base = values["base-url"] ?? "https://github.com";
const asset = "seren-bridge.mjs";
const sha256 =
  values["release-file"] && createHash("sha256").update(readFileSync(values["release-file"])).digest("hex");

/** One JavaScript file with a shebang serves every Unix. Dispatch on Windows starts .exe files only. */
const SCRIPT = [
  "aarch64-apple-darwin",
  "x86_64-apple-darwin",
  "aarch64-unknown-linux-gnu",
  "x86_64-unknown-linux-gnu",
].map((target) => ({ target, asset, binary_name: asset, ...(sha256 ? { sha256 } : {}) }));
const WINDOWS = executable("x86_64-pc-windows-msvc", "windows-x64.exe");
/** For machines without Node. */
const EXECUTABLES = [
  executable("aarch64-apple-darwin", "macos-arm64"),
  executable("x86_64-apple-darwin", "macos-x64"),
  executable("aarch64-unknown-linux-gnu", "linux-arm64"),
  executable("x86_64-unknown-linux-gnu", "linux-x64"),
  WINDOWS,
];

/** The host takes its hash from SHA256SUMS. */
function executable(target, suffix) {
  return {
    target,
    asset: `seren-bridge-${suffix}`,
    binary_name: suffix.endsWith(".exe") ? "seren-bridge.exe" : "seren-bridge",
  };
}

/** Two entries may install one plugin: what is registered is the name in the manifest. */
function entry({ plugin, suffix, title, hint, binaries }) {
  const { kind } = plugin;
  return {
    // Not `seren-cloud`: Dispatch finds entries by name alone, whatever their kind.
    id: `seren-bridge.${kind}-seren-cloud${suffix}`,
    name: `${kind}-seren-cloud${suffix}`,
    kind,
    version,
    display_name: title,
    description: plugin === COURIER ? description : plugin.description,
    protocol: plugin.transport,
    protocol_version: plugin.protocol_version,
    manifest_url: `${base}/${repo}/releases/download/${tag}/${plugin.file}`,
    keywords: ["seren", "seren-cloud", kind],
    install_hint: hint,
    source: {
      type: "github_release",
      repo,
      tag,
      ...(values["base-url"] ? { base_url: base } : {}),
      checksum_asset: "SHA256SUMS",
      binaries,
    },
    auth: { method: "api_key", provider: "seren" },
    requirements: {
      secrets: ["SEREN_API_KEY"],
      optional_secrets: [],
      network_domains: ["api.serendb.com"],
      platforms: ["linux", "macos", "windows"],
    },
  };
}

const catalog = {
  schema: "https://serenorg.github.io/dispatch/schemas/extension-catalog.v1.json",
  catalog_id: "seren-bridge",
  repository: `https://github.com/${repo}`,
  entries: [
    entry({
      plugin: COURIER,
      suffix: "",
      title: "Seren Cloud",
      hint: "Needs Node 20.18.1 or newer on PATH, but on Windows. Run with --courier seren-cloud.",
      binaries: [...SCRIPT, WINDOWS],
    }),
    entry({
      plugin: COURIER,
      suffix: "-standalone",
      title: "Seren Cloud, without Node",
      hint: "One executable, some 100 MB, not signed. Run with --courier seren-cloud.",
      binaries: EXECUTABLES,
    }),
    entry({
      plugin: DEPLOYMENT,
      suffix: "",
      title: "Seren Cloud deployments",
      hint: 'Needs Node 20.18.1 or newer on PATH, but on Windows. For [[deployments]] with plugin = "seren-cloud".',
      binaries: [...SCRIPT, WINDOWS],
    }),
    entry({
      plugin: DEPLOYMENT,
      suffix: "-standalone",
      title: "Seren Cloud deployments, without Node",
      hint: 'One executable, some 100 MB, not signed. For [[deployments]] with plugin = "seren-cloud".',
      binaries: EXECUTABLES,
    }),
  ],
};

const out = values.out ?? join(root, "catalog", "extensions.json");
mkdirSync(dirname(out), { recursive: true });
writeJson(out, catalog);

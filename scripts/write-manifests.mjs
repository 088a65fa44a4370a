/**
 * Writes `roder-extension.toml` from the reviewed `roder-extension.json`, and `roder.toml` from `package.json`: Roder reads
 * TOML only. The output is plain TOML 1.0 with LF line endings and depends on nothing but its source, because the host and
 * the child both hash its bytes.
 *
 * Usage: node scripts/write-manifests.mjs [folder to write to; default: the package's own]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.argv[2] ?? root;
const readJson = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));

const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isTableList = (value) => Array.isArray(value) && value.length > 0 && value.every(isTable);

const key = (name) => (/^[A-Za-z0-9_-]+$/.test(name) ? name : text(name));
// JSON escapes are TOML escapes, except that JSON lets DEL stand as it is.
const text = (value) => JSON.stringify(value.toWellFormed()).replaceAll("\u007f", "\\u007f");

function inline(value, path) {
  if (typeof value === "string") return text(value);
  if (typeof value === "boolean") return String(value);
  // The host compares TOML 1.0 with JSON 1 and finds them different, so a number must be an integer in both.
  if (Number.isSafeInteger(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => inline(item, path)).join(", ")}]`;
  throw new Error(`${path.join(".")}: ${JSON.stringify(value)} cannot be written to the manifest`);
}

/** The lines of one table: its own values first, since what follows a header belongs to that header. */
function* lines(table, path = []) {
  for (const [name, value] of Object.entries(table)) {
    if (!isTable(value) && !isTableList(value)) yield `${key(name)} = ${inline(value, [...path, name])}`;
  }
  for (const [name, value] of Object.entries(table)) {
    const inner = [...path, name];
    const header = inner.map(key).join(".");
    if (isTable(value)) yield* ["", `[${header}]`, ...lines(value, inner)];
    if (isTableList(value)) for (const item of value) yield* ["", `[[${header}]]`, ...lines(item, inner)];
  }
}

function write(name, source, table) {
  const head = `# Written from ${source} by scripts/write-manifests.mjs. Change it there.\n`;
  writeFileSync(join(target, name), `${head}${[...lines(table)].join("\n").replace(/^\n/, "")}\n`);
}

const { name: id, version, description } = readJson("package.json");
const manifest = readJson("roder-extension.json");
if (manifest.version !== version) {
  throw new Error(
    `roder-extension.json says version ${manifest.version}, package.json says ${version}: make them the same`,
  );
}
write("roder-extension.toml", "roder-extension.json", manifest);
write("roder.toml", "package.json", {
  package: { id, name: manifest.name, version, description },
  resources: { extensions: ["roder-extension.toml"], skills: ["skills"], commands: ["commands"] },
});

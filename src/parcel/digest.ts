/**
 * The digest of a manifest: SHA-256 over the host's own pretty print of it, without `digest`. The order below is the one
 * of the host's structs, whatever the order in the file (`dispatch:crates/dispatch-core/src/manifest.rs`).
 */
import { createHash } from "node:crypto";
import type { ParcelManifest } from "#protocols/dispatch-courier";

/** Prefix of the labels the host adds when it binds a parcel to a deployment. The digest does not cover them. */
export const DEPLOYMENT_LABEL_PREFIX = "dispatch.deployment.";

/**
 * Members in the order they are printed, by the member that holds them; a tool's depend on its kind. A `?` marks one
 * that is left out when it has no value; any other is printed as null.
 */
const MEMBERS = new Map<string, readonly string[]>(
  Object.entries({
    manifest:
      "$schema format_version source_agentfile courier framework name version entrypoint schedules listeners ingress " +
      "instructions inline_prompts env secrets visibility mounts tools tests models compaction limits timeouts network " +
      "labels files",
    courier: "kind reference component?",
    component: "packaged_path sha256 abi",
    framework: "name version? target?",
    ingress: "path? methods shared_secret_env? max_body_bytes? max_header_bytes?",
    instructions: "kind packaged_path sha256 skill_name? allowed_tools?",
    env: "name value",
    secrets: "name required",
    mounts: "kind driver options",
    "tools local": "kind alias packaged_path runner approval risk description input_schema skill_source?",
    "tools builtin": "kind capability approval risk description",
    "tools mcp": "kind server approval risk description",
    "tools a2a":
      "kind alias url endpoint_mode? auth? expected_agent_name? expected_card_sha256? approval risk description input_schema",
    runner: "command args",
    input_schema: "packaged_path sha256",
    auth: "scheme header_name? secret_name? username_secret_name? password_secret_name?",
    tests: "kind tool",
    models: "primary fallbacks routing",
    primary: "id provider options?",
    fallbacks: "id provider options?",
    compaction: "interval overlap?",
    limits: "scope value qualifiers",
    timeouts: "scope duration qualifiers",
    network: "action target qualifiers",
    files: "source packaged_as sha256 size_bytes",
  }).map(([holder, members]) => [holder, members.split(" ")]),
);

/** Returns 64 lower-case hex digits. */
export function manifestDigest(manifest: ParcelManifest): string {
  return createHash("sha256")
    .update(print(manifest, "manifest", ""))
    .digest("hex");
}

/** Whether the digest belongs to this manifest; the labels of a binding are ignored. */
export function digestMatches(manifest: ParcelManifest): boolean {
  if (manifestDigest(manifest) === manifest.digest) return true;
  const own = Object.entries(manifest.labels).filter(([name]) => !name.startsWith(DEPLOYMENT_LABEL_PREFIX));
  if (own.length === Object.keys(manifest.labels).length) return false;
  return manifestDigest({ ...manifest, labels: Object.fromEntries(own) }) === manifest.digest;
}

/** Prints like `JSON.stringify(value, null, 2)` in the host's order. An object that is not in `MEMBERS` is sorted by name. */
function print(value: unknown, holder: string, indent: string): string {
  if (value === null || value === undefined) return "null";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  const block = (open: string, lines: string[], close: string) =>
    lines.length === 0 ? open + close : `${open}\n${inner}${lines.join(`,\n${inner}`)}\n${indent}${close}`;
  if (Array.isArray(value))
    return block(
      "[",
      value.map((item: unknown) => print(item, holder, inner)),
      "]",
    );
  return block(
    "{",
    ordered(new Map(Object.entries(value)), holder).map(
      ([name, member]) => `${JSON.stringify(name)}: ${print(member, name, inner)}`,
    ),
    "}",
  );
}

function ordered(object: ReadonlyMap<string, unknown>, holder: string): [string, unknown][] {
  const members = MEMBERS.get(holder) ?? MEMBERS.get(`${holder} ${object.get("kind")}`);
  if (!members) return [...object].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return members
    .map((member): [string, unknown] => [member.replace("?", ""), object.get(member.replace("?", ""))])
    .filter(([, value], index) => !members[index]?.endsWith("?") || hasValue(value));
}

/** An empty map is left out like a missing one; an empty list is not. */
function hasValue(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return typeof value !== "object" || Array.isArray(value) || Object.keys(value).length > 0;
}

/** The files of a parcel as the bundle of an LLM workload: instructions to be rendered, everything else as assets. */
import type { ASSET_PURPOSES, BundleAsset, BundleInstruction } from "#protocols/seren-cloud";
import { ExecutionFailure } from "../support/failure.ts";
import { slug } from "./deployment-name.ts";
import type { ParcelFiles } from "./integrity.ts";
import type { Parcel } from "./load.ts";
import { packagedPath } from "./packaged-path.ts";
import { quoted } from "./printable.ts";

const MIB = 1024 * 1024;
/** What Seren's own tools allow, counted in raw bytes before base64; the service documents no limit of its own. */
export const MAX_INSTRUCTION_BYTES = MIB;
export const MAX_ASSET_BYTES = 8 * MIB;
export const MAX_BUNDLE_BYTES = 16 * MIB;

type Purpose = (typeof ASSET_PURPOSES)[number];

const CONTENT_TYPES = new Map([
  ["md", "text/markdown"],
  ["txt", "text/plain"],
  ["csv", "text/csv"],
  ["json", "application/json"],
]);
const REFERENCE_TEXT = new Set(["md", "markdown", "txt", "rst"]);

export interface Bundle {
  instructions: BundleInstruction[];
  assets: BundleAsset[];
}

/** Returns the bundle. Throws `invalid_input` with the figures when a size is too large, before any file is read. */
export async function bundleOf(parcel: Parcel, files: ParcelFiles): Promise<Bundle> {
  const { manifest } = parcel;
  checkSizes(parcel, files);
  const instructions: BundleInstruction[] = [];
  const taken = new Set<string>();
  for (const { kind, packaged_path, sha256, skill_name, allowed_tools } of manifest.instructions) {
    const path = packagedPath(packaged_path);
    taken.add(path);
    instructions.push({
      kind,
      content: await files.readText(path),
      path,
      sha256,
      ...(skill_name == null ? {} : { skill_name }),
      ...(allowed_tools == null ? {} : { allowed_tools }),
    });
  }
  const purposes = purposesOf(parcel);
  const assets: BundleAsset[] = [];
  for (const { packaged_as: path, sha256 } of manifest.files) {
    if (taken.has(path)) continue;
    const contentType = CONTENT_TYPES.get(extensionOf(path));
    assets.push({
      path,
      content_base64: (await files.read(path)).toString("base64"),
      ...(contentType === undefined ? {} : { content_type: contentType }),
      purpose: purposes.get(path) ?? purposeByName(path),
      sha256,
    });
  }
  // After the files, as in the local prompt. The service has no instruction kind for a prompt without a file.
  let number = 0;
  for (const content of manifest.inline_prompts) {
    do number += 1;
    while (files.find(`PROMPT-${number}.md`));
    instructions.push({ kind: "agents", content, path: `PROMPT-${number}.md` });
  }
  return { instructions, assets };
}

function checkSizes(parcel: Parcel, files: ParcelFiles): void {
  const { manifest } = parcel;
  if (manifest.instructions.length + manifest.inline_prompts.length === 0) {
    throw new ExecutionFailure(
      "invalid_input",
      "this parcel has neither instructions nor prompts, so its agent would have nothing to do. Add a SOUL or PROMPT line to its Agentfile and build it again",
    );
  }
  const used = new Set<string>();
  let total = 0;
  for (const { packaged_path } of manifest.instructions) {
    const path = packagedPath(packaged_path);
    const size = files.find(path)?.size_bytes ?? 0;
    used.add(path);
    total += size;
    requireSize(parcel, size, MAX_INSTRUCTION_BYTES, `its instruction file ${quoted(path)}`);
  }
  for (const prompt of manifest.inline_prompts) {
    const size = Buffer.byteLength(prompt);
    total += size;
    requireSize(parcel, size, MAX_INSTRUCTION_BYTES, "one of its inline prompts");
  }
  for (const { packaged_as, size_bytes } of manifest.files) {
    if (used.has(packaged_as)) continue;
    total += size_bytes;
    requireSize(parcel, size_bytes, MAX_ASSET_BYTES, `its file ${quoted(packaged_as)}`);
  }
  requireSize(parcel, total, MAX_BUNDLE_BYTES, "all its files together");
}

/** Throws `invalid_input` when `bytes` exceeds `max`; `what` is the subject of the message: a part of the parcel. */
export function requireSize({ manifest }: Parcel, bytes: number, max: number, what: string): void {
  if (bytes <= max) return;
  throw new ExecutionFailure(
    "invalid_input",
    `this parcel is too large to be sent as text: ${what} would take ${bytes} bytes, and at most ${max} (${max / MIB} MiB) are possible. Make it smaller, or deploy it as code: write a dispatch.toml with a table [[deployments]] and in it, a line each, name = "${slug(manifest.name)}", plugin = "seren-cloud", reconcile = "upsert", spec = { code = { parcel_dir = "<folder of the parcel>", runtime_kind = "typescript" } }, then run \`dispatch up .\`; the courier then uses that deployment (docs/deploy.md)`,
  );
}

/** Returns the purposes that the manifest states, by path. */
function purposesOf({ manifest }: Parcel): Map<string, Purpose> {
  const purposes = new Map<string, Purpose>();
  for (const tool of manifest.tools) {
    if (tool.kind !== "local" && tool.kind !== "a2a") continue;
    if (tool.input_schema) purposes.set(packagedPath(tool.input_schema.packaged_path), "schema");
    if (tool.kind === "local") purposes.set(packagedPath(tool.packaged_path), "script");
  }
  return purposes;
}

function purposeByName(path: string): Purpose {
  const extension = extensionOf(path);
  if (extension === "eval") return "eval";
  return REFERENCE_TEXT.has(extension) ? "reference" : "resource";
}

function extensionOf(path: string): string {
  return /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
}

/** The parcels of `test/fixtures/dispatch`, and copies of them that a test may change. */
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type ParcelManifest, ParcelManifestSchema } from "#protocols/dispatch-courier";
import { manifestDigest } from "../../../src/parcel/digest.ts";
import { type OpenedParcel, openParcel, type Parcel } from "../../../src/parcel/index.ts";
import { ExecutionFailure } from "../../../src/support/failure.ts";

export const FIXTURES = fileURLToPath(new URL("../../fixtures/dispatch/", import.meta.url));
export const PARCELS = await readdir(join(FIXTURES, "parcels"));
/** Parcels that a courier of the custom family has to refuse. */
export const REFUSED = ["foreign", "native", "network"];
export const RUNNABLE = PARCELS.filter((name) => !REFUSED.includes(name));

export const parcelDir = (name: string) => join(FIXTURES, "parcels", name);

export async function manifestOf(name: string): Promise<ParcelManifest> {
  return ParcelManifestSchema.parse(JSON.parse(await readFile(join(parcelDir(name), "manifest.json"), "utf8")));
}

export async function copyOf(name: string): Promise<string> {
  const dir = await scratch();
  await cp(parcelDir(name), dir, { recursive: true });
  return dir;
}

export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "seren-bridge-parcel-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A parcel in memory only: a fixture's manifest with other members. */
export async function altered(name: string, change: Partial<ParcelManifest>): Promise<Parcel> {
  return { root: "/nowhere", manifest: { ...(await manifestOf(name)), ...change } };
}

/** Writes a manifest and a lock that agree, with the right digest. */
export async function writeSealed(dir: string, manifest: ParcelManifest): Promise<void> {
  const sealed = { ...manifest, digest: manifestDigest(manifest) };
  await writeFile(join(dir, "manifest.json"), JSON.stringify(sealed, null, 2));
  const lock = {
    format_version: 1,
    digest: sealed.digest,
    manifest: "manifest.json",
    context_dir: "context",
    files: sealed.files,
  };
  await writeFile(join(dir, "parcel.lock"), JSON.stringify(lock, null, 2));
}

/** A new, valid parcel with these files and members. */
export async function built(
  files: Record<string, string | Buffer>,
  change: Partial<ParcelManifest> = {},
): Promise<string> {
  const dir = await scratch();
  const records = [];
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    await mkdir(dirname(join(dir, "context", path)), { recursive: true });
    await writeFile(join(dir, "context", path), bytes);
    records.push({ source: path, packaged_as: path, sha256: sha256(bytes), size_bytes: bytes.length });
  }
  await writeSealed(dir, { ...(await manifestOf("minimal")), inline_prompts: [], files: records, ...change });
  return dir;
}

export const openBuilt = async (
  files: Record<string, string | Buffer>,
  change: Partial<ParcelManifest> = {},
): Promise<OpenedParcel> => openParcel(await built(files, change));

export const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

/** Returns the failure of `run`. */
export async function failureOf(run: () => unknown): Promise<{ kind: string; message: string }> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ExecutionFailure)) throw error;
    return { kind: error.kind, message: error.message };
  }
  throw new Error("nothing was thrown");
}

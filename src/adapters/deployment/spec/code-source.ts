/**
 * What `code` names: a parcel or an archive, as the host left it (raw paths) or in its bundle cache. Reads and packs; sends
 * nothing. A path is never part of what is deployed.
 */
import { rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type CachedBundle, CachedBundleSchema } from "#protocols/dispatch-deployment";
import { type ArchiveFile, hashArchive, packFolder } from "../../../archive/index.ts";
import { loadParcel, type OpenedParcel, unpackParcel, verifyParcel } from "../../../parcel/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { asFailure } from "../../../support/failure.ts";
import { isObject } from "../../../support/objects.ts";
import { makeTemporaryFolder } from "../../../support/temporary-folder.ts";
import { JITLESS } from "../../../support/zod.ts";
import type { AuthoredCode } from "./authored-spec.ts";
import type { Issues } from "./issues.ts";

export interface CodeSource {
  /** Undefined for a plain archive. */
  parcel?: OpenedParcel | undefined;
  /** The archive to be deployed as code; packed at its first use where the host has not packed it. */
  archive(): Promise<ArchiveFile>;
}

/** Files that the reading has made, removed in the end. */
export class Scratch {
  readonly ambient: Ambient;
  readonly #made: (() => Promise<void>)[] = [];

  constructor(ambient: Ambient) {
    this.ambient = ambient;
  }

  async folder(): Promise<string> {
    const folder = await makeTemporaryFolder("seren-bridge-bundle-", this.ambient);
    this.keep(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  keep(release: () => Promise<void>): void {
    this.#made.push(release);
  }

  async release(): Promise<void> {
    for (const release of this.#made.splice(0)) await release().catch(() => undefined);
  }
}

/** Returns undefined when there are issues. */
export async function readCodeSource(
  code: AuthoredCode,
  cwd: string,
  scratch: Scratch,
  issues: Issues,
): Promise<CodeSource | undefined> {
  const { parcel_dir: parcelDir, bundle_path: bundlePath, cached_bundle: cached } = code;
  if ([parcelDir, bundlePath, cached].filter((one) => one !== undefined).length !== 1) return undefined;
  const field =
    parcelDir !== undefined ? "code.parcel_dir" : cached !== undefined ? "code.cached_bundle" : "code.bundle_path";
  try {
    if (parcelDir !== undefined) return await fromParcelFolder(resolve(cwd, parcelDir), scratch);
    if (bundlePath !== undefined) return await fromBundlePath(resolve(cwd, bundlePath), bundlePath, scratch);
    return await fromCache(cached, cwd, scratch, issues);
  } catch (error) {
    issues.add(field, "invalid_value", asFailure(error).message);
    return undefined;
  }
}

async function fromParcelFolder(path: string, scratch: Scratch): Promise<CodeSource> {
  const parcel = await loadParcel(path);
  const files = await verifyParcel(parcel);
  return { parcel: { parcel, files }, archive: () => packed(parcel.root, "the parcel", scratch) };
}

async function fromBundlePath(path: string, shown: string, scratch: Scratch): Promise<CodeSource> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const archive = isFolder ? await packed(path, shown, scratch) : await hashArchive(path, shown);
  return { archive: async () => archive };
}

async function packed(folder: string, shown: string, scratch: Scratch): Promise<ArchiveFile> {
  const target = join(await scratch.folder(), "bundle.tar.gz");
  await packFolder(folder, target, shown);
  return hashArchive(target, shown);
}

async function fromCache(
  value: unknown,
  cwd: string,
  scratch: Scratch,
  issues: Issues,
): Promise<CodeSource | undefined> {
  const parsed = CachedBundleSchema.safeParse(value, { ...JITLESS, reportInput: true });
  if (!parsed.success) {
    issues.addAll(parsed.error, "code.cached_bundle");
    return undefined;
  }
  const bundle = parsed.data;
  const path = resolve(cwd, bundle.path);
  const shown = "the bundle in Dispatch's cache";
  const archive = await hashArchive(path, shown);
  if (archive.sha256 !== bundle.sha256 || archive.sizeBytes !== bundle.size_bytes) {
    const what = archive.sha256 === bundle.sha256 ? "size_bytes" : "sha256";
    issues.add(
      `code.cached_bundle.${what}`,
      "mismatch",
      `${shown} is not the one that Dispatch announced; remove .dispatch/state/bundles and run it again`,
    );
    return undefined;
  }
  if (bundle.bundle_source !== "dispatch_parcel") return { archive: async () => archive };
  const { parcel, files, release } = await unpackParcel(path, shown, scratch.ambient);
  scratch.keep(release);
  if (!isOfManifest(bundle, parcel.manifest.digest)) {
    issues.add(
      "code.cached_bundle.manifest",
      "mismatch",
      "the parcel was built again, and Dispatch's cache has the earlier one; remove .dispatch/state/bundles and run it again",
    );
    return undefined;
  }
  return { parcel: { parcel, files }, archive: async () => archive };
}

/** The host looks for changes by size and time, and reads the manifest anew: the two may disagree. */
function isOfManifest({ manifest }: CachedBundle, digest: string): boolean {
  return !isObject(manifest) || manifest.digest === undefined || manifest.digest === digest;
}

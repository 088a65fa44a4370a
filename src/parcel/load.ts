/** Reading a parcel's manifest from disk. The content is verified in `integrity.ts`. */
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  PARCEL_FORMAT_VERSION,
  PARCEL_SCHEMA_URL,
  ParcelHeaderSchema,
  type ParcelManifest,
  ParcelManifestSchema,
} from "#protocols/dispatch-courier";
import { ExecutionFailure } from "../support/failure.ts";
import { systemCode } from "../support/system-error.ts";
import { JITLESS } from "../support/zod.ts";
import { checked, readJson } from "./json-file.ts";
import { quoted } from "./printable.ts";
import { unreadable } from "./regular-file.ts";

/** Largest manifest and lock. A manifest has about 150 bytes per packaged file, so this is some 25,000 files. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface Parcel {
  /** Real path of the folder that holds the manifest, the lock and `context/`. Never sent anywhere. */
  readonly root: string;
  readonly manifest: ParcelManifest;
}

/**
 * Loads the parcel in the folder `path`, or the one whose manifest file is `path`. A relative path counts from the
 * working directory.
 * Throws `invalid_input` when there is none, when it is too large, cut off, a link, of another format, or does not have
 * the form of a manifest.
 */
export async function loadParcel(path: string): Promise<Parcel> {
  const { root, manifestFile } = await locate(path);
  const shown = `the parcel's ${basename(manifestFile)}`;
  const value = await readJson(manifestFile, shown, MAX_MANIFEST_BYTES);
  const header = ParcelHeaderSchema.safeParse(value, JITLESS);
  if (!header.success || header.data.$schema !== PARCEL_SCHEMA_URL) {
    throw new ExecutionFailure(
      "invalid_input",
      `${shown} is not a Dispatch parcel manifest: its $schema is not ${PARCEL_SCHEMA_URL}`,
    );
  }
  if (header.data.format_version !== PARCEL_FORMAT_VERSION) {
    throw new ExecutionFailure(
      "invalid_input",
      `the parcel has format version ${header.data.format_version}; this version of seren-bridge reads version ${PARCEL_FORMAT_VERSION}. Build it again with Dispatch 0.4, or update seren-bridge`,
    );
  }
  return { root, manifest: checked(ParcelManifestSchema, value, shown) };
}

async function locate(path: string): Promise<{ root: string; manifestFile: string }> {
  if (path === "" || path.includes("\0")) {
    throw new ExecutionFailure("invalid_input", "the path of the parcel is empty or contains a NUL character");
  }
  try {
    const given = resolve(path);
    if (!(await stat(given)).isDirectory()) {
      const root = await realpath(dirname(given));
      return { root, manifestFile: join(root, basename(given)) };
    }
    const root = await realpath(given);
    const manifestFile = join(root, "manifest.json");
    if (await exists(manifestFile)) return { root, manifestFile };
  } catch (error) {
    throw unreadable(error, `the parcel ${quoted(path)}`);
  }
  throw new ExecutionFailure(
    "invalid_input",
    `${quoted(path)} is not a built parcel: it has no manifest.json. Run \`dispatch parcel build\` and give the folder it names`,
  );
}

/** Returns false only for a file that does not exist; a dangling link fails when it is read. */
async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return systemCode(error) !== "ENOENT";
  }
}

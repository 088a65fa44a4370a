/**
 * Whether a parcel is the one that was built: digest, lock, and every packaged file. Files are read on demand and hashed
 * as they are read, so what is used is what was verified, even if the disk changes in between.
 */
import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { type ParcelFile, ParcelLockSchema } from "#protocols/dispatch-courier";
import { ExecutionFailure } from "../support/failure.ts";
import { digestMatches } from "./digest.ts";
import { checked, decodeUtf8, readJson } from "./json-file.ts";
import { MAX_MANIFEST_BYTES, type Parcel } from "./load.ts";
import { packagedPath } from "./packaged-path.ts";
import { quoted } from "./printable.ts";
import { readRegular, unreadable } from "./regular-file.ts";

/** Largest parcel, all files together: everything is hashed for each request that carries it. */
const MAX_PARCEL_BYTES = 1024 * 1024 * 1024;
/** Largest file whose content is handed out; it is held in memory as a whole. */
const MAX_READ_BYTES = 8 * 1024 * 1024;

/** The files of a verified parcel. Paths are those of the manifest, in any spelling an author may have used. */
export interface ParcelFiles {
  /** Returns the manifest's entry for a packaged file, or undefined. */
  find(path: string): ParcelFile | undefined;
  /** Returns the content, whose hash is verified again. Throws `invalid_input`, also for a file above `MAX_READ_BYTES`. */
  read(path: string): Promise<Buffer>;
  /** Returns the content as text. Throws `invalid_input` unless it is UTF-8; a byte order mark is kept. */
  readText(path: string): Promise<string>;
}

/** Reads every packaged file once, in bounded pieces. Throws `invalid_input` with the first difference. */
export async function verifyParcel(parcel: Parcel): Promise<ParcelFiles> {
  const { manifest } = parcel;
  if (!digestMatches(manifest)) {
    throw tampered("its manifest does not match its digest, so it was changed after it was built");
  }
  const inventory = takeInventory(manifest.files);
  await checkLock(parcel);
  checkReferences(parcel, inventory);
  const context = await openContext(parcel.root, manifest.files.length > 0);
  for (const file of inventory.values()) await readVerified(context, file, () => {});
  const read = async (path: string): Promise<Buffer> => {
    const file = inventory.get(packagedPath(path));
    if (!file) throw tampered(`it has no file ${quoted(path)}`);
    if (file.size_bytes > MAX_READ_BYTES) {
      throw new ExecutionFailure(
        "invalid_input",
        `the parcel's file ${quoted(path)} has ${file.size_bytes} bytes; at most ${MAX_READ_BYTES} can be used`,
      );
    }
    const pieces: Buffer[] = [];
    await readVerified(context, file, (piece) => pieces.push(Buffer.from(piece)));
    return Buffer.concat(pieces);
  };
  return {
    find: (path) => inventory.get(packagedPath(path)),
    read,
    readText: async (path) => decodeUtf8(await read(path), `the parcel's file ${quoted(path)}`),
  };
}

/** Files by path. The host writes each path once, in its plain form; anything else was not written by it. */
function takeInventory(files: readonly ParcelFile[]): Map<string, ParcelFile> {
  const inventory = new Map<string, ParcelFile>();
  let total = 0;
  for (const file of files) {
    if (packagedPath(file.packaged_as) !== file.packaged_as) {
      throw tampered(`its file list has a path that is not in its plain form: ${quoted(file.packaged_as)}`);
    }
    if (inventory.has(file.packaged_as)) throw tampered(`its file list names ${quoted(file.packaged_as)} twice`);
    inventory.set(file.packaged_as, file);
    total += file.size_bytes;
    if (total > MAX_PARCEL_BYTES) {
      throw new ExecutionFailure(
        "invalid_input",
        `the parcel's files add up to more than the ${MAX_PARCEL_BYTES} bytes a parcel may have here`,
      );
    }
  }
  return inventory;
}

async function checkLock({ root, manifest }: Parcel): Promise<void> {
  const shown = "the parcel's parcel.lock";
  const lock = checked(ParcelLockSchema, await readJson(join(root, "parcel.lock"), shown, MAX_MANIFEST_BYTES), shown);
  if (lock.digest !== manifest.digest) throw tampered("its parcel.lock belongs to another digest");
  if (
    lock.format_version !== manifest.format_version ||
    lock.manifest !== "manifest.json" ||
    lock.context_dir !== "context"
  ) {
    throw tampered("its parcel.lock describes another layout");
  }
  const same =
    lock.files.length === manifest.files.length &&
    lock.files.every((locked, index) => {
      const file = manifest.files[index];
      return (
        file !== undefined &&
        locked.source === file.source &&
        locked.packaged_as === file.packaged_as &&
        locked.sha256 === file.sha256 &&
        locked.size_bytes === file.size_bytes
      );
    });
  if (!same) throw tampered("its parcel.lock lists other files than its manifest");
}

/**
 * An instruction must be packaged, and the manifest must state one hash per file. The script of a tool may be missing (the
 * host packages the target of a link under the target's path), because tools are listed and not run.
 */
function checkReferences({ manifest }: Parcel, inventory: ReadonlyMap<string, ParcelFile>): void {
  for (const { packaged_path: path, sha256 } of manifest.instructions) {
    if (!inventory.has(packagedPath(path))) throw tampered(`it uses the file ${quoted(path)} without containing it`);
    checkHash(path, sha256, inventory);
  }
  for (const tool of manifest.tools) {
    if (tool.kind === "local") packagedPath(tool.packaged_path);
    if ((tool.kind === "local" || tool.kind === "a2a") && tool.input_schema) {
      checkHash(tool.input_schema.packaged_path, tool.input_schema.sha256, inventory);
    }
  }
}

function checkHash(path: string, sha256: string, inventory: ReadonlyMap<string, ParcelFile>): void {
  const file = inventory.get(packagedPath(path));
  if (file && file.sha256 !== sha256) throw tampered(`it states two different hashes for ${quoted(path)}`);
}

interface Context {
  readonly root: string;
  /** Folders below the root that were seen not to be links, by relative path. */
  readonly folders: Set<string>;
}

/** A parcel without files has no `context/` folder. */
async function openContext(parcelRoot: string, needed: boolean): Promise<Context> {
  const root = join(parcelRoot, "context");
  if (needed) await requireFolder(root, "the parcel's folder context");
  return { root, folders: new Set() };
}

async function requireFolder(path: string, shown: string): Promise<void> {
  const stats = await lstat(path).catch((error: unknown) => {
    throw unreadable(error, shown);
  });
  if (stats.isDirectory()) return;
  const what = stats.isSymbolicLink() ? "a symbolic link" : "not a folder";
  throw new ExecutionFailure("invalid_input", `${shown} is ${what}; a parcel consists of plain files and folders only`);
}

/** Passes the file on in pieces; throws, at its end at the latest, if size or hash differ from the manifest's. */
async function readVerified(context: Context, file: ParcelFile, take: (piece: Buffer) => void): Promise<void> {
  const segments = file.packaged_as.split("/");
  for (let depth = 1; depth < segments.length; depth += 1) {
    const folder = segments.slice(0, depth).join("/");
    if (context.folders.has(folder)) continue;
    await requireFolder(join(context.root, folder), `the parcel's folder ${quoted(folder)}`);
    context.folders.add(folder);
  }
  const shown = `the parcel's file ${quoted(file.packaged_as)}`;
  const hash = createHash("sha256");
  const size = await readRegular(join(context.root, ...segments), shown, file.size_bytes, (piece) => {
    hash.update(piece);
    take(piece);
  });
  if (size !== file.size_bytes) {
    throw tampered(`its file ${quoted(file.packaged_as)} has ${size} bytes instead of ${file.size_bytes}`);
  }
  if (hash.digest("hex") !== file.sha256) {
    throw tampered(`its file ${quoted(file.packaged_as)} was changed after the parcel was built`);
  }
}

function tampered(why: string): ExecutionFailure {
  return new ExecutionFailure(
    "invalid_input",
    `the parcel was refused: ${why}. Build it again with \`dispatch parcel build\``,
  );
}

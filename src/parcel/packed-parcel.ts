/**
 * A built parcel inside an archive. It is unpacked into a folder of its own and read there: what is deployed is what the
 * archive holds, with the same checks as on disk, whatever has become of the folder it was packed from.
 */
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readArchive } from "../archive/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { makeFolder } from "../support/make-folder.ts";
import { pathFailure } from "../support/system-error.ts";
import { makeTemporaryFolder } from "../support/temporary-folder.ts";
import { type ParcelFiles, verifyParcel } from "./integrity.ts";
import { loadParcel, type Parcel } from "./load.ts";
import { packagedPath } from "./packaged-path.ts";
import { quoted } from "./printable.ts";

/** Somewhat more than the files of the largest parcel. */
const MAX_UNPACKED_BYTES = 1100 * 1024 * 1024;

export interface UnpackedParcel {
  parcel: Parcel;
  files: ParcelFiles;
  /** Removes the folder it was unpacked into. */
  release(): Promise<void>;
}

/** `shown` names the archive in messages. Throws `invalid_input`. The caller must call `release`. */
export async function unpackParcel(archive: string, shown: string, ambient: Ambient): Promise<UnpackedParcel> {
  const folder = await makeTemporaryFolder("seren-bridge-parcel-", ambient);
  const release = () => rm(folder, { recursive: true, force: true });
  try {
    for await (const { name, content } of readArchive(archive, shown, MAX_UNPACKED_BYTES)) {
      const path = join(folder, ...packagedPath(name).split("/"));
      await unpack(content, path).catch((error: unknown) => {
        throw pathFailure(`${quoted(name)} of ${shown}`, "written", error);
      });
    }
    const parcel = await loadParcel(folder);
    return { parcel, files: await verifyParcel(parcel), release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Fails where something else has the path: an archive may name a file twice. */
async function unpack(content: AsyncIterable<Buffer>, path: string): Promise<void> {
  await makeFolder(dirname(path));
  await pipeline(Readable.from(content), createWriteStream(path, { flags: "wx", mode: 0o600 }));
}

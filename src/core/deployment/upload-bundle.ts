/** The archive of a code deployment: uploaded once, however often and from wherever it is deployed. */
import type { Readable } from "node:stream";
import type { BundleRegistration, NewBundle, SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure } from "../../support/failure.ts";
import type { DeploymentNotes } from "./deployment-notes.ts";

/** An address that has expired, or a store that is away, is worth another registration. */
const MAX_UPLOADS = 3;
const AGAIN_MS = 1_000;

export interface BundleSource extends NewBundle {
  /** Opens the archive from its start. */
  content(): Readable;
}

export interface UploadDoors {
  client: SerenClient;
  notes: DeploymentNotes;
  /** Sends the archive. Rejects with `unavailable` where a new address may help. */
  put(bundle: BundleSource, to: NonNullable<BundleRegistration["upload"]>, signal: AbortSignal): Promise<void>;
}

/** Returns the id under which the service has the archive. Processes of this machine take turns for each archive. */
export function uploadBundle(doors: UploadDoors, bundle: BundleSource, signal: AbortSignal): Promise<string> {
  return doors.notes.exclusively(`bundle ${bundle.sha256}`, signal, () => uploadOnce(doors, bundle, signal));
}

async function uploadOnce({ client, put }: UploadDoors, bundle: BundleSource, signal: AbortSignal): Promise<string> {
  for (let uploads = 1; ; uploads += 1) {
    const { id, upload } = await client.registerBundle(bundle, { signal });
    if (!upload) return id;
    try {
      await put(bundle, upload, signal);
      await client.completeBundle(id, { signal });
      return id;
    } catch (error) {
      const { kind } = asFailure(error);
      const another = kind === "unavailable" || kind === "invalid_input"; // the service has not got it
      if (signal.aborted || !another || uploads >= MAX_UPLOADS) throw error;
      await sleep(client.ambient, AGAIN_MS, signal);
    }
  }
}

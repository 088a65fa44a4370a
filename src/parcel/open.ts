/** Everything a request that carries a parcel must do before it uses the parcel. */
import { requireCompatible } from "./compatibility.ts";
import { type ParcelFiles, verifyParcel } from "./integrity.ts";
import { loadParcel, type Parcel } from "./load.ts";

export interface OpenedParcel {
  parcel: Parcel;
  files: ParcelFiles;
}

/**
 * Loads the parcel at `path`, checks that it runs here, and verifies digest and files. Call it for every request: a
 * host may run a turn without validating first, and the disk may change between two requests.
 * Throws `invalid_input` or `unsupported`.
 */
export async function openParcel(path: string): Promise<OpenedParcel> {
  const parcel = await loadParcel(path);
  requireCompatible(parcel);
  return { parcel, files: await verifyParcel(parcel) };
}

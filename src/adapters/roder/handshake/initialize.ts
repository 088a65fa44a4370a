/** The reply to `extension/initialize`. The host compares every member with its own reading of the manifest file. */
import { type InitializeResult, PROTOCOL_VERSION } from "#protocols/roder-extension";
import { quotedWord } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import type { ManifestOnDisk } from "../manifest/manifest.ts";

/** Throws `invalid_input` for another protocol or extension, and the failure that stands in for the manifest. */
export function initialize(
  manifest: ManifestOnDisk | ExecutionFailure,
  { protocolVersion, extensionId }: { protocolVersion: string; extensionId: string },
): InitializeResult {
  const refuse = (why: string) => new ExecutionFailure("invalid_input", why);
  if (protocolVersion !== PROTOCOL_VERSION) {
    throw refuse(
      `Roder speaks protocol ${quotedWord(protocolVersion)}, this extension speaks ${PROTOCOL_VERSION}: update the older of the two`,
    );
  }
  if (manifest instanceof ExecutionFailure) throw manifest;
  if (extensionId !== manifest.id) {
    throw refuse(
      `Roder expects extension ${quotedWord(extensionId)}, the manifest ${manifest.path} is that of ${quotedWord(manifest.id)}`,
    );
  }
  return {
    protocolVersion: PROTOCOL_VERSION,
    extensionId: manifest.id,
    services: manifest.services,
    manifestChecksum: manifest.checksum,
  };
}

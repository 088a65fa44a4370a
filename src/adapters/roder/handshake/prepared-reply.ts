/**
 * The reply to `extension/initialize`, prepared by the build from the manifest it ships. It is given only when the manifest
 * on disk, which the host compares it with, is the shipped one byte for byte; otherwise the extension itself replies.
 */
import { PROTOCOL_VERSION } from "#protocols/roder-extension";
import { readPlainFile, readPlainFileSync } from "../../../support/plain-file.ts";
import type { ShippedManifest } from "../manifest/manifest.ts";
import { isShipped, manifestPaths } from "../manifest/manifest-file.ts";

type Params = Readonly<Record<string, unknown>>;

/** Returns what replies to the first line of the host: undefined leaves the request to the extension. */
export function roderHandshake(programPath: string, explicitPath: string | undefined, shipped: ShippedManifest) {
  const { id, services, checksum } = shipped;
  const read = explicitPath === undefined ? readBesideProgram : readElsewhere;
  return async (method: string, params: Params): Promise<object | undefined> => {
    if (method !== "extension/initialize" || !isPlain(params) || params.extensionId !== id) return undefined;
    for (const path of manifestPaths(programPath, explicitPath)) {
      const bytes = await read(path);
      if (!bytes) continue;
      if (!isShipped(bytes, shipped)) return undefined;
      return { protocolVersion: PROTOCOL_VERSION, extensionId: id, services, manifestChecksum: checksum };
    }
    return undefined;
  };
}

function isPlain({ protocolVersion, apiVersion, cwd, grantedCapabilities: granted }: Params): boolean {
  const isText = (value: unknown) => typeof value === "string";
  return (
    protocolVersion === PROTOCOL_VERSION && [apiVersion, cwd, ...(Array.isArray(granted) ? granted : [0])].every(isText)
  );
}

const MAX_BYTES = 1024 * 1024;

/** At once: the disk is the one that this program was just loaded from. */
function readBesideProgram(path: string): Buffer | undefined {
  try {
    return readPlainFileSync(path, MAX_BYTES)?.bytes;
  } catch {
    return undefined;
  }
}

async function readElsewhere(path: string): Promise<Buffer | undefined> {
  return (await readPlainFile(path, MAX_BYTES).catch(() => undefined))?.bytes;
}

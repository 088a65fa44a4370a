/**
 * The echo Roder wants first, prepared by the build for the manifest it ships. The host has read the manifest on disk and
 * compares with that: where it is not the shipped one byte for byte, or anything else looks different to us, the extension
 * itself judges.
 */
import { readFileSync } from "node:fs";
import type { PROTOCOL_VERSION } from "#protocols/roder-extension";
import type { ShippedManifest } from "./manifest/manifest.ts";
import { isShipped, manifestPlaces } from "./manifest/manifest-file.ts";

// Repeated, and checked by the compiler: importing the value would load the schemas beside it.
const VERSION: typeof PROTOCOL_VERSION = "0.2.0";

type Params = Readonly<Record<string, unknown>>;

export function roderHandshake(programPath: string, explicitPath: string | undefined, shipped: ShippedManifest) {
  const { id, services, checksum } = shipped;
  return (method: string, params: Params): object | undefined => {
    if (method !== "extension/initialize" || !isPlain(params) || params.extensionId !== id) return undefined;
    for (const path of manifestPlaces(programPath, explicitPath)) {
      const bytes = read(path);
      if (!bytes) continue;
      if (!isShipped(bytes, shipped)) return undefined;
      return { protocolVersion: VERSION, extensionId: id, services, manifestChecksum: checksum };
    }
    return undefined;
  };
}

function isPlain({ protocolVersion, apiVersion, cwd, grantedCapabilities: granted }: Params): boolean {
  const isText = (value: unknown) => typeof value === "string";
  return protocolVersion === VERSION && [apiVersion, cwd, ...(Array.isArray(granted) ? granted : [0])].every(isText);
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

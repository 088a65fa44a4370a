/**
 * The echo Roder wants first, from the bytes of the manifest alone. The host has read the same file and started us because
 * it is a good one; where anything looks different to us, the extension itself judges and says what is wrong.
 */
import { readFileSync } from "node:fs";
import type { PROTOCOL_VERSION } from "#protocols/roder-extension-0.2";
import { fnv1a64, manifestPlaces, readToml } from "./manifest-file.ts";

// Repeated, and checked by the compiler: importing the value would load the schemas beside it.
const VERSION: typeof PROTOCOL_VERSION = "0.2.0";

type Params = Readonly<Record<string, unknown>>;

export function greetRoder(programPath: string, explicitPath: string | undefined) {
  return (method: string, params: Params): object | undefined => {
    if (method !== "extension/initialize" || !isPlain(params)) return undefined;
    for (const path of manifestPlaces(programPath, explicitPath)) {
      const bytes = read(path);
      if (bytes) return echo(bytes, params.extensionId);
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

function echo(bytes: Buffer, extensionId: unknown): object | undefined {
  try {
    const { id, provides } = readToml(bytes);
    if (id !== extensionId || !Array.isArray(provides)) return undefined;
    return { protocolVersion: VERSION, extensionId: id, services: provides, manifestChecksum: fnv1a64(bytes) };
  } catch {
    return undefined;
  }
}

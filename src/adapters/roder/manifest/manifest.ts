/**
 * The manifest on disk. Everything the reply to `extension/initialize` repeats comes from these bytes, never from a copy in
 * the code, because the host compares it with its own reading of the same file, line endings included.
 */
import { type Manifest, ManifestSchema, type ProvidedService } from "#protocols/roder-extension";
import { ExecutionFailure } from "../../../support/failure.ts";
import { readPlainFileSync } from "../../../support/plain-file.ts";
import { systemCode } from "../../../support/system-error.ts";
import { describeIssues } from "../../../support/zod.ts";
import { fnv1a64, isShipped, manifestPaths, readToml } from "./manifest-file.ts";

const MAX_BYTES = 1024 * 1024;

export interface ManifestOnDisk {
  path: string;
  id: string;
  version: string;
  /** In the order of the file; the host compares them in order. */
  services: ProvidedService[];
  /** 64-bit FNV-1a over the bytes of the file, 16 lowercase hex digits. */
  checksum: string;
}

/** The manifest of the package, as the build has read it. */
export interface ShippedManifest extends Omit<ManifestOnDisk, "path"> {
  text: string;
}

/**
 * Reads the manifest at the first path of `manifestPaths` that has a file. Returns, and does not throw, an `invalid_input`
 * failure that names the file and what is wrong with it. A file equal to `shipped` is not parsed again.
 */
export function readManifest(
  programPath: string,
  explicitPath?: string,
  shipped?: ShippedManifest,
): ManifestOnDisk | ExecutionFailure {
  const unreadable: string[] = [];
  for (const path of manifestPaths(programPath, explicitPath)) {
    try {
      const bytes = readPlainFileSync(path, MAX_BYTES)?.bytes;
      if (!bytes) {
        unreadable.push(`${path} (does not exist)`);
        continue;
      }
      return shipped && isShipped(bytes, shipped) ? { ...shipped, path } : parseManifest(path, bytes);
    } catch (error) {
      if (error instanceof ExecutionFailure) return error;
      unreadable.push(`${path} (${codeOf(error)})`);
    }
  }
  return new ExecutionFailure(
    "invalid_input",
    `the extension manifest cannot be read: ${unreadable.join(", ")}. Install seren-bridge again, or set SEREN_BRIDGE_RODER_MANIFEST to the file Roder loaded`,
  );
}

/** Throws an `invalid_input` failure that names `path` and what is wrong. A BOM and CRLF are accepted, as by the host. */
export function parseManifest(path: string, bytes: Uint8Array): ManifestOnDisk {
  const refuse = (why: string) => new ExecutionFailure("invalid_input", `the extension manifest ${path} ${why}`);
  let content: unknown;
  try {
    content = readToml(bytes);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw refuse(`is not valid TOML: ${reason}`);
  }
  const parsed = ManifestSchema.safeParse(content);
  if (!parsed.success) throw refuse(`does not fit: ${describeIssues(parsed.error)}`);
  const manifest: Manifest = parsed.data;
  return {
    path,
    id: manifest.id,
    version: manifest.version,
    services: manifest.provides,
    checksum: fnv1a64(bytes),
  };
}

/** Returns the ids of the services of one type. */
export function serviceIds(manifest: ManifestOnDisk, type: ProvidedService["type"]): string[] {
  return manifest.services.filter((service) => service.type === type).map((service) => service.id);
}

function codeOf(error: unknown): string {
  return systemCode(error) ?? "unreadable";
}

/**
 * The manifest as it lies on disk. Everything `extension/initialize` echoes comes from these bytes, never from a copy in the
 * code: the host compares its own reading of the same file, line endings included.
 */
import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { type Manifest, ManifestSchema, type ProvidedService } from "#protocols/roder-extension-0.2";
import { describeIssues } from "../../stdio/index.ts";
import { ExecutionFailure } from "../../support/failure.ts";

const FILE_NAME = "roder-extension.toml";

export interface ManifestOnDisk {
  path: string;
  id: string;
  version: string;
  /** In the order of the file; the host compares them in order. */
  services: ProvidedService[];
  /** 64-bit FNV-1a over the bytes of the file, 16 lowercase hex digits. */
  checksum: string;
}

/**
 * Reads the manifest at `explicitPath`, else the one beside the program or one folder up (`programPath` may be a symlink, as
 * npm makes them). A manifest that cannot be used is answered as a failure that names the file and the trouble.
 */
export function readManifest(programPath: string, explicitPath?: string): ManifestOnDisk | ExecutionFailure {
  const candidates = explicitPath === undefined ? besides(programPath) : [explicitPath];
  const unreadable: string[] = [];
  for (const path of candidates) {
    try {
      return parseManifest(path, readFileSync(path));
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

/** Throws an `ExecutionFailure` that names `path` and what is wrong. A BOM and CRLF are accepted, as the host does. */
export function parseManifest(path: string, bytes: Uint8Array): ManifestOnDisk {
  const refuse = (why: string) => new ExecutionFailure("invalid_input", `the extension manifest ${path} ${why}`);
  let content: unknown;
  try {
    content = parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
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

/** 64-bit FNV-1a, as Roder prints it. Detects drift, proves nothing. */
export function fnv1a64(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
  return hash.toString(16).padStart(16, "0");
}

/** Ids of the services of one type. */
export function serviceIds(manifest: ManifestOnDisk, type: ProvidedService["type"]): string[] {
  return manifest.services.filter((service) => service.type === type).map((service) => service.id);
}

function besides(programPath: string): string[] {
  const folder = dirname(realPath(programPath));
  return [join(folder, FILE_NAME), join(dirname(folder), FILE_NAME)];
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unreadable";
}

/**
 * Dispatch's registries of couriers and of deployment plugins, two files of one form: which ones it knows, and the hash of each
 * program. Dispatch compares the hash before every start (`dispatch:crates/dispatch-core/src/plugins.rs`). It has a command that
 * writes the first of them, and none for the second.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { COURIER_PROTOCOL_VERSION } from "#protocols/dispatch-courier";
import { DEPLOYMENT_PROTOCOL_VERSION } from "#protocols/dispatch-deployment";
import {
  type FileChange,
  findArray,
  type InstallContext,
  putElement,
  readUserFile,
  removeElement,
  type UserFile,
  untouched,
} from "../../../install/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { readPlainFileSync } from "../../../support/plain-file.ts";

/** Name of the courier, as `--courier` takes it, and of the deployment plugin, as `plugin` of a binding does. */
export const PLUGIN_NAME = "seren-cloud";

/** What this program is to Dispatch. */
export interface DispatchPlugin {
  readonly id: "courier" | "deployment";
  readonly registry: string;
  readonly protocolVersion: number;
  readonly description: string;
}

export const COURIER: DispatchPlugin = {
  id: "courier",
  registry: "couriers.json",
  protocolVersion: COURIER_PROTOCOL_VERSION,
  description: "Runs Dispatch parcels on Seren Cloud",
};
export const DEPLOYMENT: DispatchPlugin = {
  id: "deployment",
  registry: "deployments.json",
  protocolVersion: DEPLOYMENT_PROTOCOL_VERSION,
  description: "Deploys Dispatch parcels and code to Seren Cloud",
};

/** Whether Dispatch can start a program: on Windows it starts .exe files only. */
export function canStart(program: string): boolean {
  return process.platform !== "win32" || /\.exe$/i.test(program);
}

/** What to do for a plugin that is not registered, or not as it should be. */
export function registration({ id }: DispatchPlugin, program: string): string {
  return canStart(program)
    ? "seren-bridge setup dispatch --write"
    : `add the catalog of a release (README, Use it in Dispatch), then: dispatch extension install ${id}-seren-cloud-standalone`;
}

/** An executable with Node in it has some 100 MB. */
const MAX_PROGRAM_BYTES = 1024 * 1024 * 1024;
const NEW_FILE_MODE = 0o644; // as Dispatch makes it

const RegistrySchema = z.looseObject({ plugins: z.array(z.looseObject({ name: z.string() })).optional() });
const EntrySchema = z.looseObject({
  name: z.string(),
  exec: z.looseObject({ command: z.string(), args: z.array(z.string()).nullish() }),
  installed_sha256: z.string().nullish(),
});
export type RegistryEntry = z.output<typeof EntrySchema>;

export function readRegistry({ paths }: InstallContext, { registry }: DispatchPlugin): Promise<UserFile> {
  return readUserFile(join(paths.home, ".config", "dispatch", registry), NEW_FILE_MODE);
}

/** Our entry; undefined when there is none. Throws `invalid_input` for a file that is not a registry. */
export function registeredEntry(file: UserFile): RegistryEntry | undefined {
  if (file.text === undefined) return undefined;
  const found = parseRegistry(file).plugins?.find(({ name }) => name === PLUGIN_NAME);
  return found && EntrySchema.safeParse(found).data;
}

/** SHA-256 of a file in lower-case hex, as Dispatch writes it. Throws what reading the file throws. */
export function hashOf(path: string): string {
  const bytes = readPlainFileSync(path, MAX_PROGRAM_BYTES)?.bytes;
  if (!bytes) throw new ExecutionFailure("not_found", `${path} does not exist`);
  return createHash("sha256").update(bytes).digest("hex");
}

/** What Dispatch itself would store for this program. */
export function ownEntry(
  { paths, version }: InstallContext,
  { id, protocolVersion, description }: DispatchPlugin,
): RegistryEntry {
  return {
    name: PLUGIN_NAME,
    version,
    protocol_version: protocolVersion,
    transport: "jsonl",
    description,
    exec: { command: paths.program, args: [id] },
    installed_sha256: hashOf(paths.program),
  };
}

export function withEntry(file: UserFile, entry: RegistryEntry): FileChange {
  if (file.text === undefined || file.text.trim() === "") {
    return { file, after: JSON.stringify({ plugins: [entry] }, null, 2) };
  }
  const { plugins = [] } = parseRegistry(file);
  const index = plugins.findIndex(({ name }) => name === PLUGIN_NAME);
  if (index >= 0 && isDeepStrictEqual(plugins[index], entry)) return { file, after: file.text };
  const place = findArray(file.text, "plugins");
  if (!place) throw unusable(file, 'it has no "plugins" list');
  const after = putElement(file.text, place, index < 0 ? undefined : index, entry);
  return verified(file, after, index < 0 ? [...plugins, entry] : plugins.with(index, { ...entry }));
}

export function withoutEntry(file: UserFile): FileChange {
  if (file.text === undefined) return { file, after: "" };
  const { plugins = [] } = parseRegistry(file);
  const index = plugins.findIndex(({ name }) => name === PLUGIN_NAME);
  const place = findArray(file.text, "plugins");
  if (index < 0 || !place) return { file, after: file.text };
  return verified(file, removeElement(file.text, place, index), plugins.toSpliced(index, 1));
}

/** The text was changed by position: this parses it and throws unless it holds exactly the intended list. */
function verified(file: UserFile, after: string, plugins: unknown): FileChange {
  const wanted = { ...parseRegistry(file), plugins };
  if (!isDeepStrictEqual(parseRegistry({ ...file, text: after }), wanted)) {
    throw unusable(file, "its form is one this version cannot change safely");
  }
  return { file, after };
}

function parseRegistry(file: UserFile): z.output<typeof RegistrySchema> {
  let value: unknown;
  try {
    value = JSON.parse(file.text ?? "");
  } catch {
    throw unusable(file, "it is not JSON");
  }
  const registry = RegistrySchema.safeParse(value);
  if (!registry.success) throw unusable(file, "it does not look like a list of plugins");
  return registry.data;
}

function unusable(file: UserFile, why: string): ExecutionFailure {
  return untouched(
    file,
    `${why}. Look at the file; the courier can also be installed with: dispatch courier install <folder of seren-bridge>/courier-plugin.json`,
  );
}

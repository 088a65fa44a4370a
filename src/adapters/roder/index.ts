/** Roder: a process extension with a dispatcher, a task executor and tools. */
export { GENERAL_AGENT } from "./agents.ts";
export { createRoderExtension, type RoderExtension } from "./extension.ts";
export { roderHandshake } from "./handshake.ts";
export { type ManifestOnDisk, readManifest, type ShippedManifest } from "./manifest/manifest.ts";
export type { AgentChoice, RoderOptions, Runs } from "./options.ts";

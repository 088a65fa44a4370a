/** The Roder process extension: a subagent dispatcher, a task executor and a tool provider. */
export { GENERAL_AGENT } from "./agents.ts";
export { createRoderExtension, type RoderExtension } from "./extension.ts";
export { roderHandshake } from "./handshake/prepared-reply.ts";
export { readManifest, type ShippedManifest } from "./manifest/manifest.ts";
export type { RoderOptions } from "./options.ts";
export { TASK_SPEC } from "./tasks/task-input.ts";

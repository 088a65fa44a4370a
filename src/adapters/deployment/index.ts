/** The Dispatch deployment plugin. */
export type { Place } from "./connection.ts";
export { deploymentHandshake } from "./handshake.ts";
export { createDeploymentPlugin } from "./plugin.ts";

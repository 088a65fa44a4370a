/**
 * The reply to `deployment.capabilities`, which needs neither a key nor the network. Each command is a process of its own, so
 * this file may import nothing that takes time to load.
 */
import { DEPLOYMENT_METHODS, DEPLOYMENT_PROTOCOL_VERSION, type DeploymentResult } from "#protocols/dispatch-deployment";
import { CAPABILITIES } from "./capabilities.ts";

/** Returns undefined for any other request, and for params that have to be judged by the schema. */
export function deploymentHandshake(
  method: string,
  params: Readonly<Record<string, unknown>>,
): DeploymentResult | undefined {
  const isPlain = params.kind === "capabilities" && params.protocol_version === DEPLOYMENT_PROTOCOL_VERSION;
  if (method !== DEPLOYMENT_METHODS.capabilities || !isPlain) return undefined;
  return { kind: "capabilities", capabilities: CAPABILITIES };
}

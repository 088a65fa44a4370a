/**
 * The reply to `courier.capabilities`. Dispatch starts a process with every command for this request alone, so this file
 * may import nothing that takes time to load.
 */
import { COURIER_METHODS, COURIER_PROTOCOL_VERSION, type CourierResult } from "#protocols/dispatch-courier";
import { CAPABILITIES } from "./capabilities.ts";

/** Returns undefined for any other request, and for params that have to be judged by the schema. */
export function courierHandshake(method: string, params: Readonly<Record<string, unknown>>): CourierResult | undefined {
  const isPlain = params.kind === "capabilities" && params.protocol_version === COURIER_PROTOCOL_VERSION;
  if (method !== COURIER_METHODS.capabilities || !isPlain) return undefined;
  return { kind: "capabilities", capabilities: CAPABILITIES };
}

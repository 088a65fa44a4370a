/** Dispatch starts a process for this question alone, with every command; nothing has to be loaded for the answer. */
import type { COURIER_METHODS, COURIER_PROTOCOL_VERSION, CourierResult } from "#protocols/dispatch-courier";
import { CAPABILITIES } from "./capabilities.ts";

// Repeated, and checked by the compiler: importing the values would load the schemas beside them.
const METHOD: typeof COURIER_METHODS.capabilities = "courier.capabilities";
const VERSION: typeof COURIER_PROTOCOL_VERSION = 1;

export function courierHandshake(method: string, params: Readonly<Record<string, unknown>>): CourierResult | undefined {
  const isPlain = params.kind === "capabilities" && params.protocol_version === VERSION;
  if (method !== METHOD || !isPlain) return undefined;
  return { kind: "capabilities", capabilities: CAPABILITIES };
}

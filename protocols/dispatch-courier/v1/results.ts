/**
 * Courier → host: the answers, and what an error carries. Strict: all we can emit is declared here. Arrays are never
 * null and integers have no fraction, or the host rejects the line.
 * Source: Dispatch 0.4, `crates/dispatch-courier-protocol/src/lib.rs`, `PluginResponse`.
 */
import * as z from "zod";
import { CourierSessionSchema, MountKindSchema, MountSchema } from "./session.ts";
import { LocalToolSpecSchema } from "./tools.ts";

const COURIER_KINDS = ["native", "docker", "wasm", "custom"] as const;

const CapabilitiesSchema = z.strictObject({
  courier_id: z.string(),
  kind: z.enum(COURIER_KINDS),
  supports_chat: z.boolean(),
  supports_job: z.boolean(),
  supports_heartbeat: z.boolean(),
  supports_local_tools: z.boolean(),
  supports_mounts: z.array(MountKindSchema),
});
export type Capabilities = z.output<typeof CapabilitiesSchema>;

/** The host prints `extensions` only as a top-level object, one line a key. */
const InspectionSchema = z.strictObject({
  courier_id: z.string(),
  kind: z.enum(COURIER_KINDS),
  entrypoint: z.string().nullable(),
  required_secrets: z.array(z.string()),
  mounts: z.array(MountSchema),
  local_tools: z.array(LocalToolSpecSchema),
  extensions: z.record(z.string(), z.json()).optional(),
});
export type Inspection = z.output<typeof InspectionSchema>;

export const CourierResultSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("capabilities"), capabilities: CapabilitiesSchema }),
  z.strictObject({ kind: z.literal("inspection"), inspection: InspectionSchema }),
  z.strictObject({ kind: z.literal("session"), session: CourierSessionSchema }),
  z.strictObject({ kind: z.literal("ok") }),
  z.strictObject({ kind: z.literal("done"), session: CourierSessionSchema }),
]);
export type CourierResult = z.output<typeof CourierResultSchema>;

/** `error.data`. Without it the host makes up a name from the numeric code; other members are dropped by the host. */
export const CourierErrorDataSchema = z.strictObject({
  dispatch_error: z.strictObject({ code: z.string().min(1), message: z.string() }),
});

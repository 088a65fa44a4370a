/**
 * Host → courier: the seven methods and their params. `params` repeats the method as `kind` and carries the protocol
 * version. Loose: unknown members are ignored on this wire.
 * Source: Dispatch 0.4, `crates/dispatch-courier-protocol/src/lib.rs`, `PluginRequest`, `CourierOperation`.
 */
import * as z from "zod";
import { COURIER_PROTOCOL_VERSION } from "./methods.ts";
import { IncomingSessionSchema } from "./session.ts";

const version = {
  protocol_version: z.literal(COURIER_PROTOCOL_VERSION, {
    error: `this courier speaks protocol version ${COURIER_PROTOCOL_VERSION} only`,
  }),
};
/** Absolute, links resolved; on Windows with the `\\?\` prefix. */
const parcel = { parcel_dir: z.string().min(1) };

export const CapabilitiesParamsSchema = z.looseObject({ kind: z.literal("capabilities"), ...version });
export const ValidateParcelParamsSchema = z.looseObject({ kind: z.literal("validate_parcel"), ...version, ...parcel });
export const InspectParamsSchema = z.looseObject({ kind: z.literal("inspect"), ...version, ...parcel });
export const OpenSessionParamsSchema = z.looseObject({ kind: z.literal("open_session"), ...version, ...parcel });
export const ResumeSessionParamsSchema = z.looseObject({
  kind: z.literal("resume_session"),
  ...version,
  ...parcel,
  session: IncomingSessionSchema,
});

export const OperationSchema = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("resolve_prompt") }),
  z.looseObject({ kind: z.literal("list_local_tools") }),
  z.looseObject({
    kind: z.literal("invoke_tool"),
    invocation: z.looseObject({ name: z.string(), input: z.string().nullish() }),
  }),
  z.looseObject({ kind: z.literal("chat"), input: z.string() }),
  z.looseObject({ kind: z.literal("job"), payload: z.string() }),
  z.looseObject({ kind: z.literal("heartbeat"), payload: z.string().nullish() }),
]);
export type Operation = z.output<typeof OperationSchema>;

export const RunParamsSchema = z.looseObject({
  kind: z.literal("run"),
  ...version,
  ...parcel,
  session: IncomingSessionSchema,
  operation: OperationSchema,
});

export const ShutdownParamsSchema = z.looseObject({ kind: z.literal("shutdown"), ...version });

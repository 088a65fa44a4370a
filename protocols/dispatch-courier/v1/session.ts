/**
 * Sessions and mounts. The host stores what we return and hands it back later, so the same shape is strict on its way
 * out and loose, untrusted input on its way in.
 * Source: Dispatch 0.4, `crates/dispatch-courier-protocol/src/lib.rs`, `CourierSession`, `ResolvedMount`.
 */
import * as z from "zod";

export const MOUNT_KINDS = ["session", "memory", "artifacts"] as const;
export const MountKindSchema = z.enum(MOUNT_KINDS);

export const MountSchema = z.strictObject({
  kind: MountKindSchema,
  driver: z.string(),
  options: z.array(z.string()),
});
export type Mount = z.output<typeof MountSchema>;

const resolvedMount = {
  kind: MountKindSchema,
  driver: z.string(),
  target_path: z.string(),
  metadata: z.record(z.string(), z.string()),
};
export const ResolvedMountSchema = z.strictObject(resolvedMount);
export type ResolvedMount = z.output<typeof ResolvedMountSchema>;

const historyEntry = { role: z.string(), content: z.string() };

/** An unsigned integer of the host, as far as JavaScript counts exactly. */
const CountSchema = z.int().min(0);

/** Courier → host. `elapsed_ms` and `resolved_mounts` may be missing for the host but never null. */
export const CourierSessionSchema = z.strictObject({
  id: z.string(),
  parcel_digest: z.string(),
  entrypoint: z.string().nullable(),
  label: z.string().nullable(),
  turn_count: CountSchema,
  elapsed_ms: CountSchema,
  history: z.array(z.strictObject(historyEntry)),
  resolved_mounts: z.array(ResolvedMountSchema),
  backend_state: z.string().nullable(),
});
export type CourierSession = z.output<typeof CourierSessionSchema>;

/** Host → courier: whatever the session file holds. Members of a newer host are let through. */
export const IncomingSessionSchema = z.looseObject({
  id: z.string(),
  parcel_digest: z.string(),
  entrypoint: z.string().nullish(),
  label: z.string().nullish(),
  turn_count: CountSchema,
  elapsed_ms: CountSchema.default(0),
  history: z.array(z.looseObject(historyEntry)),
  resolved_mounts: z.array(z.looseObject(resolvedMount)).default([]),
  backend_state: z.string().nullish(),
});
export type IncomingSession = z.output<typeof IncomingSessionSchema>;

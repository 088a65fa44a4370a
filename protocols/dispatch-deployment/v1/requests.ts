/**
 * Host → plugin: the methods and their params. `params` repeats the method as `kind` and carries the protocol version.
 * Loose: unknown members are ignored on this wire. `config`, `spec`, `patch` and `filters` may be any JSON; what they hold is
 * judged where they are read.
 * Source: Dispatch 0.4, `crates/dispatch-deployment-protocol/src/lib.rs`, `PluginRequest`.
 */
import * as z from "zod";
import { DEPLOYMENT_PROTOCOL_VERSION } from "./methods.ts";

const version = {
  protocol_version: z.literal(DEPLOYMENT_PROTOCOL_VERSION, {
    error: `this plugin speaks protocol version ${DEPLOYMENT_PROTOCOL_VERSION} only`,
  }),
};
/** Whatever was typed on the command line. */
const deployment = { deployment_id: z.string() };
const revision = { revision_id: z.string() };
/** The host sends `null` in place of nothing; a missing member counts the same. */
const anything = z.unknown().optional();

export const CapabilitiesParamsSchema = z.looseObject({ kind: z.literal("capabilities"), ...version });
export const ConfigureParamsSchema = z.looseObject({ kind: z.literal("configure"), ...version, config: anything });
export const HealthParamsSchema = z.looseObject({ kind: z.literal("health"), ...version, config: anything });
export const ValidateParamsSchema = z.looseObject({ kind: z.literal("validate"), ...version, spec: anything });
export const TestRunParamsSchema = z.looseObject({ kind: z.literal("test_run"), ...version });
export const DeployParamsSchema = z.looseObject({ kind: z.literal("deploy"), ...version, spec: anything });
export const UpsertParamsSchema = z.looseObject({
  kind: z.literal("upsert"),
  ...version,
  name: z.string(),
  spec: anything,
});
export const PreviewUpdateParamsSchema = z.looseObject({ kind: z.literal("preview_update"), ...version });
export const UpdateParamsSchema = z.looseObject({ kind: z.literal("update"), ...version });
export const GetParamsSchema = z.looseObject({ kind: z.literal("get"), ...version, ...deployment });
export const ListParamsSchema = z.looseObject({ kind: z.literal("list"), ...version, filters: anything });
export const ListRevisionsParamsSchema = z.looseObject({
  kind: z.literal("list_revisions"),
  ...version,
  ...deployment,
});
export const PreviewRollbackParamsSchema = z.looseObject({
  kind: z.literal("preview_rollback"),
  ...version,
  ...deployment,
  ...revision,
});
export const RollbackParamsSchema = z.looseObject({
  kind: z.literal("rollback"),
  ...version,
  ...deployment,
  ...revision,
});
export const StartParamsSchema = z.looseObject({ kind: z.literal("start"), ...version, ...deployment });
export const StopParamsSchema = z.looseObject({ kind: z.literal("stop"), ...version, ...deployment });
export const DeleteParamsSchema = z.looseObject({ kind: z.literal("delete"), ...version, ...deployment });
export const ShutdownParamsSchema = z.looseObject({ kind: z.literal("shutdown"), ...version });

/** What the host puts in the place of `code.parcel_dir` and `code.bundle_path`: the archive in its bundle cache. */
export const CachedBundleSchema = z.looseObject({
  /** Relative to the working folder, or absolute. */
  path: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"),
  size_bytes: z.int().min(1),
  source_kind: z.literal("tar_gz").optional(),
  bundle_source: z.enum(["dispatch_parcel", "bundle_path"]).optional(),
  /** The manifest as it was when the host looked, for a parcel only. */
  manifest: z.unknown().optional(),
});
export type CachedBundle = z.output<typeof CachedBundleSchema>;

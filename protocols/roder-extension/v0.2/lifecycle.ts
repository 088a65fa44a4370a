/**
 * `extension/initialize` and `extension/shutdown`.
 * Source: Roder `crates/roder-api/src/process_extension.rs`, protocol 0.2.0. What the host sends is read loosely, because
 * a newer host may add members. A Rust `Option` arrives absent or as null.
 */
import * as z from "zod";

/** Dispatch, execution, thread and call ids: no format is promised, but nothing real comes near the limit. */
export const HostIdSchema = z.string().min(1).max(1024);

export const InitializeParamsSchema = z.looseObject({
  protocolVersion: z.string(),
  extensionId: z.string(),
  apiVersion: z.string().nullish(),
  cwd: z.string().nullish(),
  grantedCapabilities: z.array(z.string()).nullish(),
});

export const ShutdownParamsSchema = z.looseObject({});

/**
 * `roder-extension.toml`: what an extension declares about itself.
 * Source: Roder `crates/roder-ext-process-host/src/manifest.rs`. The host ignores unknown keys at every level.
 */
import * as z from "zod";

const ServiceIdSchema = z.string().min(1);

const ProvidedToolSchema = z.looseObject({
  name: z.string().min(1),
  description: z.string(),
  parameters: z.looseObject({ type: z.literal("object") }),
});

/** The five kinds of protocol 0.2.0; any other `type` makes the file invalid for the host. */
export const ProvidedServiceSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("inference_engine"), id: ServiceIdSchema }),
  z.looseObject({ type: z.literal("event_sink"), id: ServiceIdSchema }),
  z.looseObject({ type: z.literal("subagent_dispatcher"), id: ServiceIdSchema }),
  z.looseObject({ type: z.literal("task_executor"), id: ServiceIdSchema }),
  z.looseObject({ type: z.literal("tool_provider"), id: ServiceIdSchema, tools: z.array(ProvidedToolSchema).min(1) }),
]);
export type ProvidedService = z.output<typeof ProvidedServiceSchema>;

const LaunchSchema = z.looseObject({
  command: z.string().min(1),
  args: z.array(z.string()).optional(),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  startup_timeout_ms: z.int().min(1).optional(),
  event_filter_kinds: z.array(z.string()).optional(),
});

export const ManifestSchema = z.looseObject({
  id: z.string().trim().min(1),
  name: z.string(),
  version: z.string(),
  api_version: z.string().min(1),
  description: z.string().optional(),
  provides: z.array(ProvidedServiceSchema).min(1),
  required_capabilities: z.array(z.string()).optional(),
  launch: LaunchSchema.optional(),
});
export type Manifest = z.output<typeof ManifestSchema>;

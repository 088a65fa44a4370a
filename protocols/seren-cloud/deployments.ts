/**
 * Deployments: what `POST /deploy` takes and what the deployment calls answer.
 * Source: the published OpenAPI document, `CreateCloudDeploymentRequest`, `WorkloadSpec`, `CloudDeploymentSummary`.
 * Requests are strict, because the service rejects unknown fields; responses are loose, because it may add some.
 */
import * as z from "zod";

export const DEPLOYMENT_MODES = ["always_on", "cron", "job"] as const;
export const INSTRUCTION_KINDS = [
  "identity",
  "soul",
  "skill",
  "agents",
  "user",
  "tools",
  "memory",
  "heartbeat",
  "eval",
] as const;
export const ASSET_PURPOSES = ["reference", "script", "schema", "resource", "eval"] as const;

const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

export const BundleInstructionSchema = z.strictObject({
  kind: z.enum(INSTRUCTION_KINDS),
  content: z.string(),
  path: z.string().nullish(),
  sha256: Sha256Schema.nullish(),
  skill_name: z.string().nullish(),
  allowed_tools: z.array(z.string()).nullish(),
});
export type BundleInstruction = z.output<typeof BundleInstructionSchema>;

export const BundleAssetSchema = z.strictObject({
  path: z.string().min(1),
  content_base64: z.base64(),
  content_type: z.string().nullish(),
  purpose: z.enum(ASSET_PURPOSES).nullish(),
  sha256: Sha256Schema.nullish(),
});
export type BundleAsset = z.output<typeof BundleAssetSchema>;

/** Instruction and asset lists are optional but never null. */
export const AgentBundleSchema = z.strictObject({
  instructions: z.array(BundleInstructionSchema).optional(),
  assets: z.array(BundleAssetSchema).optional(),
});

export const LlmExecutionSchema = z.strictObject({
  type: z.literal("llm"),
  bundle: AgentBundleSchema,
  model_id: z.string().nullish(),
  model_config: z.unknown().optional(),
  fallback_models: z.array(z.string()).nullish(),
});

export const CodeExecutionSchema = z.strictObject({
  type: z.literal("code"),
  deployment_bundle_id: z.guid(),
  runtime_kind: z.enum(["python", "javascript", "typescript", "rust", "rust_wasm"]).nullish(),
  requirements_txt: z.string().nullish(),
});

const Int32Schema = z.int32().min(0).nullish();

export const WorkloadLimitsSchema = z.strictObject({
  max_iterations: Int32Schema,
  max_timeout_seconds: Int32Schema,
  max_tool_calls_per_run: Int32Schema,
  max_tool_output_chars: Int32Schema,
  context_budget_tokens: Int32Schema,
});
export type WorkloadLimits = z.output<typeof WorkloadLimitsSchema>;

export const WorkloadSpecSchema = z.strictObject({
  execution: z.discriminatedUnion("type", [LlmExecutionSchema, CodeExecutionSchema]),
  compute_backend: z.enum(["aws_container", "cloudflare_worker", "daytona"]).nullish(),
  config: z.unknown().optional(),
  secrets: z.unknown().optional(),
  requirements: z
    .array(
      z.strictObject({
        key: z.string(),
        source: z.enum(["env", "secret", "config"]),
        description: z.string().nullish(),
      }),
    )
    .nullish(),
  limits: WorkloadLimitsSchema.optional(),
});
export type WorkloadSpec = z.output<typeof WorkloadSpecSchema>;

export const CreateDeploymentSchema = z.strictObject({
  mode: z.enum(DEPLOYMENT_MODES),
  skill_slug: z.string().min(1),
  workload: WorkloadSpecSchema,
  name: z.string().nullish(),
  visibility: z.string().nullish(),
  cron_schedule: z.string().nullish(),
  cron_timezone: z.string().nullish(),
});
export type CreateDeployment = z.output<typeof CreateDeploymentSchema>;

/** `status` is an open string here: a value this version does not know must not make a deployment unreadable. */
export const DeploymentSummarySchema = z.looseObject({
  id: z.guid(),
  name: z.string(),
  skill_slug: z.string(),
  mode: z.string(),
  status: z.string(),
  error_message: z.string().nullish(),
  model_id: z.string().nullish(),
  visibility: z.string().nullish(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type DeploymentSummary = z.output<typeof DeploymentSummarySchema>;

/** Answer of start, stop and delete. */
export const DeploymentStatusSchema = z.looseObject({ status: z.string() });

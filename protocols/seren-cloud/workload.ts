/**
 * What a deployment runs, as a client sends it: `WorkloadSpec` of the published OpenAPI document and what it contains. Strict
 * wherever the service rejects unknown fields, and in the two forms of `execution`, where it would ignore a misspelt one. The
 * parts that only people write (tools, policies) are as loose as the document.
 */
import * as z from "zod";

const INSTRUCTION_KINDS = [
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
export const RUNTIME_KINDS = ["python", "javascript", "typescript", "rust", "rust_wasm"] as const;

const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");
const Int32Schema = z.int32().min(0).nullish();

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
const AgentBundleSchema = z.strictObject({
  instructions: z.array(BundleInstructionSchema).optional(),
  assets: z.array(BundleAssetSchema).optional(),
});

const ApprovalTypeSchema = z.enum(["none", "required", "audit"]).optional();

const ApprovalConditionSchema = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("numeric_threshold"),
    path: z.string(),
    gte: z.number().nullish(),
    lte: z.number().nullish(),
  }),
  z.looseObject({ type: z.literal("string_equals"), path: z.string(), value: z.string() }),
  z.looseObject({ type: z.literal("string_in"), path: z.string(), values: z.array(z.string()) }),
  z.looseObject({ type: z.literal("string_not_in"), path: z.string(), values: z.array(z.string()) }),
  z.looseObject({ type: z.literal("boolean_equals"), path: z.string(), value: z.boolean() }),
  z.looseObject({
    type: z.literal("outside_hours_utc"),
    start_hour: z.int32().min(0),
    end_hour: z.int32().min(0),
  }),
]);

const ToolDefinitionSchema = z.looseObject({
  name: z.string(),
  description: z.string(),
  input_schema: z.unknown().optional(),
  approval_type: ApprovalTypeSchema,
  approval_reason: z.string().nullish(),
  approval_rules: z
    .array(
      z.looseObject({
        approval_type: ApprovalTypeSchema,
        approval_reason: z.string().nullish(),
        conditions: z.array(ApprovalConditionSchema).optional(),
      }),
    )
    .optional(),
  side_effecting: z.boolean().nullish(),
  timeout_override_seconds: Int32Schema,
  max_output_bytes: z.int().min(0).nullish(),
});

export const LlmExecutionSchema = z.strictObject({
  type: z.literal("llm"),
  bundle: AgentBundleSchema,
  model_id: z.string().nullish(),
  model_config: z.unknown().optional(),
  fallback_models: z.array(z.string()).nullish(),
  tool_definitions: z.array(ToolDefinitionSchema).nullish(),
  adapter: z.enum(["seren_agent"]).nullish(),
  llm_connection: z.looseObject({ provider: z.enum(["seren_private_models"]) }).nullish(),
});

export const CodeExecutionSchema = z.strictObject({
  type: z.literal("code"),
  deployment_bundle_id: z.guid(),
  runtime_kind: z.enum(RUNTIME_KINDS).nullish(),
  requirements_txt: z.string().nullish(),
});

const WorkloadLimitsSchema = z.strictObject({
  max_iterations: Int32Schema,
  max_timeout_seconds: Int32Schema,
  max_tool_calls_per_run: Int32Schema,
  max_tool_output_chars: Int32Schema,
  context_budget_tokens: Int32Schema,
});
export type WorkloadLimits = z.output<typeof WorkloadLimitsSchema>;

/** `limits`, `publisher_only` and `external_databases` are optional but never null. */
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
  network_policy: z
    .looseObject({ allow_list: z.array(z.string()).optional(), block_all: z.boolean().optional() })
    .nullish(),
  publisher_only: z.boolean().optional(),
  side_effect_policy: z
    .looseObject({
      max_mutating_calls_per_run: Int32Schema,
      min_seconds_between_mutating_calls: Int32Schema,
      require_idempotency_key: z.boolean().optional(),
    })
    .nullish(),
  external_databases: z
    .array(
      z.strictObject({
        project_id: z.guid(),
        branch_id: z.guid(),
        database: z.string(),
        access: z.enum(["read_only", "read_write"]).optional(),
      }),
    )
    .optional(),
});

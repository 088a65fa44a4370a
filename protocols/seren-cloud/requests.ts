/**
 * What a client sends: the bodies of `POST /deploy` and of `POST /deployments/{id}/runs`.
 * Source: the published OpenAPI document, `CreateCloudDeploymentRequest`, `WorkloadSpec`. Strict where the service rejects
 * unknown fields. The program goes by the types, the tests by the schemas; they have a file of their own, so that the
 * bundle holds none of them.
 */
import * as z from "zod";

const DEPLOYMENT_MODES = ["always_on", "cron", "job"] as const;
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

const Sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const BundleInstructionSchema = z.strictObject({
  kind: z.enum(INSTRUCTION_KINDS),
  content: z.string(),
  path: z.string().nullish(),
  sha256: Sha256Schema.nullish(),
  skill_name: z.string().nullish(),
  allowed_tools: z.array(z.string()).nullish(),
});
export type BundleInstruction = z.output<typeof BundleInstructionSchema>;

const BundleAssetSchema = z.strictObject({
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

const LlmExecutionSchema = z.strictObject({
  type: z.literal("llm"),
  bundle: AgentBundleSchema,
  model_id: z.string().nullish(),
  model_config: z.unknown().optional(),
  fallback_models: z.array(z.string()).nullish(),
});

const CodeExecutionSchema = z.strictObject({
  type: z.literal("code"),
  deployment_bundle_id: z.guid(),
  runtime_kind: z.enum(["python", "javascript", "typescript", "rust", "rust_wasm"]).nullish(),
  requirements_txt: z.string().nullish(),
});

const Int32Schema = z.int32().min(0).nullish();

const WorkloadLimitsSchema = z.strictObject({
  max_iterations: Int32Schema,
  max_timeout_seconds: Int32Schema,
  max_tool_calls_per_run: Int32Schema,
  max_tool_output_chars: Int32Schema,
  context_budget_tokens: Int32Schema,
});
export type WorkloadLimits = z.output<typeof WorkloadLimitsSchema>;

const WorkloadSpecSchema = z.strictObject({
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

const ApprovalDecisionSchema = z.strictObject({ id: z.string(), decision: z.enum(["approve", "reject"]) });

/** Body of `POST /runs/{run_id}/resume` with decisions, as newer clients send it (docs/reference/seren-cloud-api.md, section 12.2). */
export const ApprovalDecisionsSchema = z.strictObject({
  resume_checkpoint_id: z.string(),
  approval_decisions: z.array(ApprovalDecisionSchema),
});
export type ApprovalDecisions = z.output<typeof ApprovalDecisionsSchema>;

/**
 * Body of `POST /deployments/{id}/runs`. Unknown members are passed on to the runtime and may come back in
 * `invocation_payload`; `client_request_id` is ours and ties a run record to the request that made it.
 */
export const CreateRunSchema = z.looseObject({
  message: z.string().nullish(),
  async: z.boolean().nullish(),
  conversation_id: z.string().optional(),
  operation: z.enum(["chat", "job", "heartbeat"]).optional(),
  inputs: z.unknown().optional(),
  client_request_id: z.string().optional(),
  resume_checkpoint_id: z.string().nullish(),
  approval_decisions: z.array(ApprovalDecisionSchema).nullish(),
});
export type CreateRun = z.output<typeof CreateRunSchema>;

/**
 * Body of `POST /inbox/approvals/{entry_id}/decide`. `allow_always` with the entry's lease is of a newer contract
 * (docs/reference/seren-cloud-api.md, section 12.4).
 */
export const InboxDecisionSchema = z.discriminatedUnion("decision", [
  z.strictObject({ decision: z.enum(["approve", "deny"]) }),
  z.strictObject({ decision: z.literal("allow_always"), lease: z.record(z.string(), z.unknown()) }),
]);
export type InboxDecision = z.output<typeof InboxDecisionSchema>;

/**
 * Body of `POST /deploy`, transcribed from the published document: `CreateCloudDeploymentRequest`, `WorkloadSpec` and
 * what they contain, complete, and strict only where the document is. These are not the client's schemas on purpose:
 * those describe what we send, these what the service accepts.
 */
import * as z from "zod";

const Count = z.int32().min(0).nullish();
const Text = z.string().nullish();

const ApprovalType = z.enum(["none", "required", "audit"]).optional();

const ApprovalCondition = z.discriminatedUnion("type", [
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

const ToolDefinition = z.looseObject({
  name: z.string(),
  description: z.string(),
  input_schema: z.unknown().optional(),
  approval_type: ApprovalType,
  approval_reason: Text,
  approval_rules: z
    .array(
      z.looseObject({
        approval_type: ApprovalType,
        approval_reason: Text,
        conditions: z.array(ApprovalCondition).optional(),
      }),
    )
    .optional(),
  side_effecting: z.boolean().nullish(),
  timeout_override_seconds: Count,
  max_output_bytes: z.int().min(0).nullish(),
});

const Instruction = z.strictObject({
  kind: z.enum(["identity", "soul", "skill", "agents", "user", "tools", "memory", "heartbeat", "eval"]),
  content: z.string(),
  path: Text,
  sha256: Text,
  skill_name: Text,
  allowed_tools: z.array(z.string()).nullish(),
});

const Asset = z.strictObject({
  path: z.string(),
  content_base64: z.string(),
  content_type: Text,
  purpose: z.enum(["reference", "script", "schema", "resource", "eval"]).nullish(),
  sha256: Text,
});

const Execution = z.discriminatedUnion("type", [
  z.looseObject({
    type: z.literal("llm"),
    bundle: z.strictObject({
      instructions: z.array(Instruction).optional(),
      assets: z.array(Asset).optional(),
    }),
    model_id: Text,
    model_config: z.unknown().optional(),
    fallback_models: z.array(z.string()).nullish(),
    tool_definitions: z.array(ToolDefinition).nullish(),
    adapter: z.enum(["seren_agent"]).nullish(),
    llm_connection: z.looseObject({ provider: z.enum(["seren_private_models"]) }).nullish(),
  }),
  z.looseObject({
    type: z.literal("code"),
    deployment_bundle_id: z.guid(),
    runtime_kind: z.enum(["python", "javascript", "typescript", "rust", "rust_wasm"]).nullish(),
    requirements_txt: Text,
  }),
]);

const Workload = z.strictObject({
  execution: Execution,
  compute_backend: z.enum(["aws_container", "cloudflare_worker", "daytona"]).nullish(),
  config: z.unknown().optional(),
  secrets: z.unknown().optional(),
  requirements: z
    .array(z.looseObject({ key: z.string(), source: z.enum(["env", "secret", "config"]), description: Text }))
    .nullish(),
  limits: z
    .strictObject({
      max_iterations: Count,
      max_timeout_seconds: Count,
      max_tool_calls_per_run: Count,
      max_tool_output_chars: Count,
      context_budget_tokens: Count,
    })
    .optional(),
  network_policy: z
    .looseObject({ allow_list: z.array(z.string()).optional(), block_all: z.boolean().optional() })
    .nullish(),
  publisher_only: z.boolean().optional(),
  side_effect_policy: z
    .looseObject({
      max_mutating_calls_per_run: Count,
      min_seconds_between_mutating_calls: Count,
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

const EvalGate = z.strictObject({
  set_id: z.guid(),
  max_age_seconds: z.int32(),
  block_on_failure: z.boolean().nullish(),
  schedule: z.strictObject({ cron: z.string(), timezone: Text }).nullish(),
  drift_baseline: z
    .strictObject({
      baseline_set_id: z.guid(),
      baseline_run_id: z.guid(),
      baseline_passed: z.int32().min(0),
      baseline_failed: z.int32().min(0),
      baseline_captured_at: z.iso.datetime({ offset: true }),
    })
    .nullish(),
});

const ALERT_EVENTS = ["awaiting_approval", "failed", "blocked", "timeout", "completed", "cancelled"] as const;

export const DeployBodySchema = z.strictObject({
  mode: z.enum(["always_on", "cron", "job"]),
  skill_slug: z.string(),
  workload: Workload,
  name: Text,
  visibility: Text,
  cron_schedule: Text,
  cron_timezone: Text,
  environment_id: z.guid().nullish(),
  eval_gate: EvalGate.nullish(),
  alert_policy: z
    .looseObject({ webhook_secret_key: z.string(), events: z.array(z.enum(ALERT_EVENTS)).optional() })
    .nullish(),
  dashboard_config: z.unknown().optional(),
});
export type DeployBody = z.output<typeof DeployBodySchema>;

/**
 * What a client sends: the bodies of `POST /deploy`, `POST /deployment-bundles` and `POST /deployments/{id}/runs`.
 * Source: the published OpenAPI document, `CreateCloudDeploymentRequest`. Strict where the service rejects unknown fields.
 * What people write (a deployment's spec) is read by these schemas, what the program composes goes by their types; they have
 * a file of their own, so that a chunk which needs only the types holds none of them.
 */
import * as z from "zod";
import { WorkloadSpecSchema } from "./workload.ts";

const DEPLOYMENT_MODES = ["always_on", "cron", "job"] as const;

const EvalGateSchema = z.strictObject({
  set_id: z.guid(),
  max_age_seconds: z.int32(),
  block_on_failure: z.boolean().nullish(),
  schedule: z.strictObject({ cron: z.string(), timezone: z.string().nullish() }).nullish(),
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

export const CreateDeploymentSchema = z.strictObject({
  mode: z.enum(DEPLOYMENT_MODES),
  skill_slug: z.string().min(1),
  workload: WorkloadSpecSchema,
  name: z.string().nullish(),
  visibility: z.string().nullish(),
  cron_schedule: z.string().nullish(),
  cron_timezone: z.string().nullish(),
  environment_id: z.guid().nullish(),
  eval_gate: EvalGateSchema.nullish(),
  alert_policy: z
    .looseObject({ webhook_secret_key: z.string(), events: z.array(z.enum(ALERT_EVENTS)).optional() })
    .nullish(),
  dashboard_config: z.unknown().optional(),
});
export type CreateDeployment = z.output<typeof CreateDeploymentSchema>;

/** An archive is registered by its hash, so that the same one is uploaded once. */
export const RegisterBundleSchema = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size_bytes: z.int().min(1),
  source_kind: z.literal("tar_gz"),
});
export type RegisterBundle = z.output<typeof RegisterBundleSchema>;

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

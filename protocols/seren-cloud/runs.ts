/**
 * Runs: the answer to creating one, its record, its live state, its pending approvals.
 * Source: the published OpenAPI document, `CloudDeploymentRunInvocationResponse`, `CloudDeploymentRunEvent`,
 * `CloudRunLiveState`, `CloudDeploymentRunPendingApprovals`.
 */
import * as z from "zod";

/** Some releases answer `id` in place of `run_id`; both are accepted, `run_id` wins. An `id` of another kind is none. */
export const RunInvocationSchema = z.looseObject({
  status: z.string(),
  run_id: z.guid().nullish(),
  id: z.guid().nullish().catch(null),
  execution_id: z.string().nullish(),
  result: z.unknown().optional(),
});

/**
 * The durable record of a run. Only what a client needs to follow and reconcile is required; money arrives as decimal
 * strings, `output_events` is untyped upstream (an array of envelopes, or null for plain scripts).
 */
export const RunRecordSchema = z.looseObject({
  id: z.guid(),
  deployment_id: z.guid(),
  execution_id: z.string().nullish(),
  conversation_id: z.string().nullish(),
  session_url: z.string().nullish(),
  status: z.string(),
  status_message: z.string().nullish(),
  stop_reason: z.string().nullish(),
  source: z.string().nullish(),
  started_at: z.string().nullish(),
  completed_at: z.string().nullish(),
  created_at: z.string(),
  updated_at: z.string().nullish(),
  execution_time_ms: z.number().nullish(),
  compute_cost_usd: z.string().nullish(),
  inference_cost_usd: z.string().nullish(),
  inference_input_tokens: z.number().nullish(),
  inference_output_tokens: z.number().nullish(),
  output: z.string().nullish(),
  output_events: z.unknown().optional(),
  invocation_payload: z.unknown().optional(),
});

export const RunLiveStateSchema = z.looseObject({
  run_id: z.guid(),
  deployment_id: z.guid(),
  status: z.string(),
  phase: z.string(),
  terminal: z.boolean(),
  latest_sequence: z.number(),
  pending_approval_count: z.number(),
  current_step: z.string().nullish(),
  current_tool: z.string().nullish(),
  checkpoint_id: z.string().nullish(),
  status_message: z.string().nullish(),
});

export const PendingApprovalSchema = z.looseObject({
  id: z.string(),
  tool: z.string(),
  args: z.unknown().optional(),
  reason: z.string().nullish(),
  function_call_id: z.string().nullish(),
});

export const RunPendingApprovalsSchema = z.looseObject({
  run_id: z.guid(),
  status: z.string(),
  checkpoint_id: z.string().nullish(),
  pending_approvals: z.array(PendingApprovalSchema).optional(),
});

/** A run of the organization that waits for a person; its checkpoint is only in the run's own pending approvals. */
export const PendingRunSchema = z.looseObject({
  run_id: z.guid(),
  deployment_id: z.guid(),
  status: z.string(),
  status_message: z.string().nullish(),
  started_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  pending_approvals: z.array(PendingApprovalSchema).nullish(),
});

export const RunArtifactSchema = z.looseObject({
  id: z.string(),
  artifact_type: z.string(),
  title: z.string().nullish(),
  url: z.string().nullish(),
  payload: z.unknown().optional(),
});

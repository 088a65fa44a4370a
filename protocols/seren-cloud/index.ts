/** The published Seren Cloud API, as far as this package uses it. */
export { DeploymentStatusSchema, DeploymentSummarySchema } from "./deployments.ts";
export { EnvelopeSchema, MAX_PAGE, PUBLISHER_PREFIX, STARTING_MARKER } from "./envelope.ts";
export {
  type ApprovalDecisions,
  ApprovalDecisionsSchema,
  ASSET_PURPOSES,
  type BundleAsset,
  type BundleInstruction,
  type CreateDeployment,
  CreateDeploymentSchema,
  type CreateRun,
  CreateRunSchema,
  type InboxDecision,
  InboxDecisionSchema,
  type WorkloadLimits,
} from "./requests.ts";
export { RunEventEnvelopeSchema, RunEventSchema } from "./run-stream.ts";
export {
  PendingApprovalSchema,
  PendingRunSchema,
  RunArtifactSchema,
  RunInvocationSchema,
  RunLiveStateSchema,
  RunPendingApprovalsSchema,
  RunRecordSchema,
} from "./runs.ts";

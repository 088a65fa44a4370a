/** The published Seren Cloud API, as far as this package uses it. */
export { DeploymentStatusSchema, DeploymentSummarySchema } from "./deployments.ts";
export { EnvelopeSchema, MAX_PAGE, PUBLISHER_PREFIX, STARTING_MARKER } from "./envelope.ts";
export {
  type ApprovalDecisions,
  ApprovalDecisionsSchema,
  type CreateDeployment,
  CreateDeploymentSchema,
  type CreateRun,
  CreateRunSchema,
  type InboxDecision,
  InboxDecisionSchema,
  type RegisterBundle,
  RegisterBundleSchema,
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
export {
  ASSET_PURPOSES,
  type BundleAsset,
  BundleAssetSchema,
  type BundleInstruction,
  BundleInstructionSchema,
  CodeExecutionSchema,
  LlmExecutionSchema,
  RUNTIME_KINDS,
  type WorkloadLimits,
  WorkloadSpecSchema,
} from "./workload.ts";

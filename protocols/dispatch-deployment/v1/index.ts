/** Dispatch deployment plugin protocol, version 1. */
export { DEPLOYMENT_METHODS, DEPLOYMENT_PROTOCOL_VERSION } from "./methods.ts";
export { DeploymentPluginManifestSchema } from "./plugin-manifest.ts";
export {
  type CachedBundle,
  CachedBundleSchema,
  CapabilitiesParamsSchema,
  ConfigureParamsSchema,
  DeleteParamsSchema,
  DeployParamsSchema,
  GetParamsSchema,
  HealthParamsSchema,
  ListParamsSchema,
  ListRevisionsParamsSchema,
  PreviewRollbackParamsSchema,
  PreviewUpdateParamsSchema,
  RollbackParamsSchema,
  ShutdownParamsSchema,
  StartParamsSchema,
  StopParamsSchema,
  TestRunParamsSchema,
  UpdateParamsSchema,
  UpsertParamsSchema,
  ValidateParamsSchema,
} from "./requests.ts";
export {
  type Capabilities,
  DeploymentErrorDataSchema,
  type DeploymentReply,
  type DeploymentResult,
  DeploymentResultSchema,
  type ValidationIssue,
} from "./results.ts";

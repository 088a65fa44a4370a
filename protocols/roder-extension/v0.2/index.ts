/** The Roder process-extension protocol 0.2.0, as far as this package uses it. */
export { HostIdSchema, InitializeParamsSchema, ShutdownParamsSchema } from "./lifecycle.ts";
export {
  LaunchSchema,
  type Manifest,
  ManifestSchema,
  type ProvidedService,
  ProvidedServiceSchema,
  ProvidedToolSchema,
} from "./manifest.ts";
export {
  DispatchAckSchema,
  ExecuteAckSchema,
  type InitializeResult,
  InitializeResultSchema,
  type SubagentEvent,
  SubagentEventParamsSchema,
  SubagentEventSchema,
  type SubagentResult,
  SubagentResultSchema,
  type TaskEvent,
  TaskEventParamsSchema,
  TaskEventSchema,
  type TaskSpec,
  TaskSpecSchema,
  type TokenUsage,
  TokenUsageSchema,
  type ToolResult,
  ToolResultSchema,
} from "./sent.ts";
export {
  DefinitionsParamsSchema,
  DispatchParamsSchema,
  EXIT_REASONS,
  type ExitReason,
  MAX_U32,
  SubagentCancelParamsSchema,
  type SubagentDefinition,
  SubagentDefinitionSchema,
  type SubagentRequest,
  SubagentRequestSchema,
} from "./subagents.ts";
export {
  MAX_CHUNK_BYTES,
  SpecParamsSchema,
  TASK_STREAMS,
  TaskCancelParamsSchema,
  TaskExecuteParamsSchema,
  type TaskStream,
} from "./tasks.ts";
export { RESERVED_DATA_NAMES, ToolCallParamsSchema } from "./tools.ts";
export { PROTOCOL_VERSION } from "./version.ts";

/** The Roder process-extension protocol 0.2.0, as far as this package uses it. */
export {
  HostIdSchema,
  InitializeParamsSchema,
  type InitializeResult,
  InitializeResultSchema,
  PROTOCOL_VERSION,
  ShutdownParamsSchema,
} from "./lifecycle.ts";
export {
  LaunchSchema,
  type Manifest,
  ManifestSchema,
  type ProvidedService,
  ProvidedServiceSchema,
  ProvidedToolSchema,
} from "./manifest.ts";
export {
  DefinitionsParamsSchema,
  DispatchAckSchema,
  DispatchParamsSchema,
  EXIT_REASONS,
  type ExitReason,
  MAX_U32,
  SubagentCancelParamsSchema,
  type SubagentDefinition,
  SubagentDefinitionSchema,
  type SubagentEvent,
  SubagentEventParamsSchema,
  SubagentEventSchema,
  type SubagentRequest,
  SubagentRequestSchema,
  type SubagentResult,
  SubagentResultSchema,
  type TokenUsage,
  TokenUsageSchema,
} from "./subagents.ts";
export {
  ExecuteAckSchema,
  MAX_CHUNK_BYTES,
  SpecParamsSchema,
  TASK_STREAMS,
  TaskCancelParamsSchema,
  type TaskEvent,
  TaskEventParamsSchema,
  TaskEventSchema,
  TaskExecuteParamsSchema,
  type TaskSpec,
  TaskSpecSchema,
  type TaskStream,
} from "./tasks.ts";
export { RESERVED_DATA_NAMES, ToolCallParamsSchema, type ToolResult, ToolResultSchema } from "./tools.ts";

/** The Roder process-extension protocol 0.2.0, as far as this package uses it. */
export { InitializeParamsSchema, ShutdownParamsSchema } from "./lifecycle.ts";
export {
  type Manifest,
  ManifestSchema,
  type ProvidedService,
} from "./manifest.ts";
export {
  DispatchAckSchema,
  ExecuteAckSchema,
  type InitializeResult,
  InitializeResultSchema,
  type SubagentEvent,
  SubagentEventParamsSchema,
  type SubagentResult,
  SubagentResultSchema,
  type TaskEvent,
  TaskEventParamsSchema,
  type TaskSpec,
  TaskSpecSchema,
  type TokenUsage,
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
} from "./subagents.ts";
export {
  MAX_CHUNK_BYTES,
  SpecParamsSchema,
  TASK_STREAMS,
  TaskCancelParamsSchema,
  TaskExecuteParamsSchema,
  type TaskStream,
} from "./tasks.ts";
export { ToolCallParamsSchema } from "./tools.ts";
export { PROTOCOL_VERSION } from "./version.ts";

/**
 * What an extension sends: replies and events. An event the host cannot read is dropped without a trace and the dispatch
 * then hangs until its time limit, so everything here is strict. The program goes by the types, the tests by the schemas;
 * they have a file of their own, so that the bundle holds none of them.
 * Source: Roder `crates/roder-api/src/{process_extension,subagents,tasks}.rs` and `process_extension/dispatch.rs`.
 */
import * as z from "zod";
import { HostIdSchema } from "./lifecycle.ts";
import { ProvidedServiceSchema } from "./manifest.ts";
import { EXIT_REASONS, U32Schema } from "./subagents.ts";
import { MAX_CHUNK_BYTES, TASK_STREAMS } from "./tasks.ts";
import { RESERVED_DATA_NAMES } from "./tools.ts";
import { PROTOCOL_VERSION } from "./version.ts";

/** All four members are compared by the host, `services` in order. */
export const InitializeResultSchema = z.strictObject({
  protocolVersion: z.literal(PROTOCOL_VERSION),
  extensionId: z.string(),
  services: z.array(ProvidedServiceSchema),
  manifestChecksum: z.string().regex(/^[0-9a-f]{16}$/),
});
export type InitializeResult = z.output<typeof InitializeResultSchema>;

export const DispatchAckSchema = z.strictObject({ dispatchId: HostIdSchema });

/** The cached counters are left out: Seren does not report them and their default is 0. */
const TokenUsageSchema = z.strictObject({
  prompt_tokens: U32Schema,
  completion_tokens: U32Schema,
  total_tokens: U32Schema,
});
export type TokenUsage = z.output<typeof TokenUsageSchema>;

/** No transcript: it would only count towards the size of the line. */
export const SubagentResultSchema = z.strictObject({
  thread_id: z.string(),
  turn_id: z.string(),
  agent_type: z.string(),
  model: z.string().nullable(),
  final_message: z.string(),
  usage: TokenUsageSchema.nullable(),
  exit_reason: z.enum(EXIT_REASONS),
  metadata: z.record(z.string(), z.json()),
});
export type SubagentResult = z.output<typeof SubagentResultSchema>;

/** There is no `cancelled` event: a cancelled run is `completed` with that exit reason. */
const SubagentEventSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("status"), status: z.string().min(1), detail: z.string().optional() }),
  z.strictObject({ type: z.literal("completed"), result: SubagentResultSchema }),
  z.strictObject({ type: z.literal("failed"), error: z.string().min(1) }),
]);
export type SubagentEvent = z.output<typeof SubagentEventSchema>;

export const SubagentEventParamsSchema = z.strictObject({ dispatchId: HostIdSchema, event: SubagentEventSchema });

export const TaskSpecSchema = z.strictObject({
  kind: z.string(),
  description: z.string(),
  input_schema: z.record(z.string(), z.json()),
  default_timeout_seconds: z.int().min(0),
  metadata: z.record(z.string(), z.json()),
});
export type TaskSpec = z.output<typeof TaskSpecSchema>;

export const ExecuteAckSchema = z.strictObject({ executionId: HostIdSchema });

const TaskEventSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("output"),
    stream: z.enum(TASK_STREAMS),
    chunk: z.string().refine((chunk) => Buffer.byteLength(chunk) <= MAX_CHUNK_BYTES, "the chunk is too long"),
  }),
  z.strictObject({
    type: z.literal("completed"),
    result: z.strictObject({ exit_code: z.int32().nullable(), payload: z.record(z.string(), z.json()) }),
  }),
  z.strictObject({ type: z.literal("failed"), error: z.string().min(1) }),
]);
export type TaskEvent = z.output<typeof TaskEventSchema>;

export const TaskEventParamsSchema = z.strictObject({ executionId: HostIdSchema, event: TaskEventSchema });

/** `content` and `isError` are required; `data` may reach the model's vendor. */
export const ToolResultSchema = z.strictObject({
  content: z.string(),
  isError: z.boolean(),
  data: z
    .record(z.string(), z.json())
    .refine((data) => RESERVED_DATA_NAMES.every((name) => !(name in data)), "a reserved name")
    .nullable(),
});
export type ToolResult = z.output<typeof ToolResultSchema>;

/**
 * `tasks/spec`, `tasks/execute`, `tasks/event`, `tasks/cancel`.
 * Source: Roder `crates/roder-api/src/tasks.rs` and `process_extension/dispatch.rs`.
 */
import * as z from "zod";
import { HostIdSchema } from "./lifecycle.ts";

export const SpecParamsSchema = z.looseObject({ executorId: z.string() });

export const TaskSpecSchema = z.strictObject({
  kind: z.string(),
  description: z.string(),
  input_schema: z.record(z.string(), z.json()),
  default_timeout_seconds: z.int().min(0),
  metadata: z.record(z.string(), z.json()),
});
export type TaskSpec = z.output<typeof TaskSpecSchema>;

export const TaskExecuteParamsSchema = z.looseObject({
  executorId: z.string(),
  executionId: HostIdSchema,
  taskId: z.string().nullish(),
  threadId: z.string().nullish(),
  turnId: z.string().nullish(),
  workspaceRoot: z.string().nullish(),
  /** Not checked by the host, and null when the submitter left it out. */
  input: z.unknown().optional(),
});

export const ExecuteAckSchema = z.strictObject({ executionId: HostIdSchema });

export const TaskCancelParamsSchema = z.looseObject({
  executorId: z.string(),
  executionId: HostIdSchema,
  reason: z.string().nullish(),
});

/**
 * Largest `chunk`, in bytes of UTF-8. The host cuts a chunk above 65,536 bytes at a raw byte offset and panics when that
 * falls inside a character; this leaves a wide margin.
 */
export const MAX_CHUNK_BYTES = 16 * 1024;

export const TASK_STREAMS = ["stdout", "stderr", "log"] as const;
export type TaskStream = (typeof TASK_STREAMS)[number];

export const TaskEventSchema = z.discriminatedUnion("type", [
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

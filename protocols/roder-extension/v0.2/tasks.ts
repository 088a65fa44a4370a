/**
 * `tasks/spec`, `tasks/execute`, `tasks/cancel`; what answers them is in `sent.ts`.
 * Source: Roder `crates/roder-api/src/tasks.rs` and `process_extension/dispatch.rs`.
 */
import * as z from "zod";
import { HostIdSchema } from "./lifecycle.ts";

export const SpecParamsSchema = z.looseObject({ executorId: z.string() });

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

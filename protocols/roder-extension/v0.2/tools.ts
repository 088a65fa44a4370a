/** `tools/call`. Source: Roder `crates/roder-api/src/process_extension.rs`. */
import * as z from "zod";

export const ToolCallParamsSchema = z.looseObject({
  providerId: z.string(),
  toolName: z.string(),
  callId: z.string().nullish(),
  threadId: z.string().nullish(),
  turnId: z.string().nullish(),
  /** Checked by the host against our schema, but a hook may replace them after that check. */
  arguments: z.unknown().optional(),
});

/**
 * Names of `data` members that make the host do something, whatever the tool is called. `thread_id` with `turn_id` (an
 * ended run in the agent overview) is the pair we use on purpose.
 */
export const RESERVED_DATA_NAMES = [
  "__view_image",
  "user_input_request",
  "policy_exit_plan_request",
  "hunks",
  "mediaArtifacts",
  "taskLedger",
  "verification",
] as const;

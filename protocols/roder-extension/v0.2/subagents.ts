/**
 * `subagents/definitions`, `subagents/dispatch`, `subagents/cancel`; what answers them is in `sent.ts`.
 * Source: Roder `crates/roder-api/src/subagents.rs` and `process_extension/dispatch.rs`. Envelopes are camelCase, the
 * objects inside are snake_case.
 */
import * as z from "zod";
import { HostIdSchema } from "./lifecycle.ts";

/** Counters are u32; a float, a negative or a larger number makes the whole event unreadable for the host. */
export const MAX_U32 = 0xffff_ffff;
export const U32Schema = z.int().min(0).max(MAX_U32);

export const EXIT_REASONS = ["completed", "max_turns", "timeout", "cancelled", "failed"] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

/** `permission_mode` is required and not nullable; one invalid definition makes the whole list unreadable. */
export const SubagentDefinitionSchema = z.strictObject({
  agent_type: z.string().min(1),
  description: z.string(),
  tools: z.array(z.string()),
  permission_mode: z.enum(["read_only", "default", "auto_edit"]),
  model: z.string().nullish(),
  system_prompt: z.string().nullish(),
  max_turns: U32Schema.nullish(),
  max_result_chars: z.int().min(0).nullish(),
});
export type SubagentDefinition = z.output<typeof SubagentDefinitionSchema>;

export const DefinitionsParamsSchema = z.looseObject({ dispatcherId: z.string() });

/** Seconds are u64: beyond 2^53 they arrive as the nearest float. */
const SecondsSchema = z.number().min(0).nullish();

const SubagentRequestSchema = z.looseObject({
  description: z.string(),
  prompt: z.string(),
  subagent_type: z.string().nullish(),
  model: z.string().nullish(),
  provider: z.string().nullish(),
  tools: z.array(z.string()).nullish(),
  /** `scout`, `editor`, `reviewer`, `runner` today. */
  lane: z.string().nullish(),
  max_concurrent: z.number().min(0).nullish(),
  allowed_tools: z.array(z.string()).nullish(),
  parent_deadline_seconds: SecondsSchema,
  /** Any JSON; workflows send an explicit null for "none". */
  inputs: z.unknown().optional(),
  timeout_seconds: SecondsSchema,
});
export type SubagentRequest = z.output<typeof SubagentRequestSchema>;

export const DispatchParamsSchema = z.looseObject({
  dispatcherId: z.string(),
  dispatchId: HostIdSchema,
  parentThreadId: z.string().nullish(),
  parentTurnId: z.string().nullish(),
  request: SubagentRequestSchema,
});

export const SubagentCancelParamsSchema = z.looseObject({
  dispatcherId: z.string(),
  dispatchId: HostIdSchema,
  reason: z.string().nullish(),
});

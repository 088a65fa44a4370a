/** The arguments of the tools. A model writes them, so what does not fit is refused by name and nothing is ignored. */
import * as z from "zod";
import { MAX_TIMEOUT_MS, MODEL_ID } from "../core/index.ts";
import { ExecutionFailure } from "../support/failure.ts";
import { describeIssues, JITLESS } from "../support/zod.ts";
import { MAX_WAIT_SECONDS } from "./definitions.ts";

export const MAX_TIMEOUT_SECONDS = MAX_TIMEOUT_MS / 1000;

export const PromptSchema = z.string().refine((prompt) => prompt.trim() !== "", "must not be empty");
export const RunIdSchema = z.guid("is not the id of a run, which is five groups of hexadecimal digits");
export const AgentNameSchema = z.string().min(1).max(200);
export const ConversationSchema = z.string().min(1).max(200);
export const ModelSchema = z.string().regex(MODEL_ID, "is not the id of a model, e.g. anthropic/claude-sonnet-4.6");
export const TimeoutSecondsSchema = z.int().min(1).max(MAX_TIMEOUT_SECONDS);
const WaitSecondsSchema = z.int().min(0).max(MAX_WAIT_SECONDS);

export const AgentsArgumentsSchema = z.strictObject({});

const dispatchShape = {
  prompt: PromptSchema,
  agent: AgentNameSchema.optional(),
  deployment_id: AgentNameSchema.optional(),
  conversation: ConversationSchema.optional(),
  inputs: z.record(z.string(), z.json()).optional(),
  timeout_seconds: TimeoutSecondsSchema.optional(),
};
/** Members of an input that say what to run on. */
const PLACES = ["agent", "deployment_id", "conversation", "model"] as const;

/** Refuses an input that names several. */
export function atOnePlace(
  input: { [place in (typeof PLACES)[number]]?: string | undefined },
  context: z.RefinementCtx,
): void {
  const named = PLACES.filter((place) => input[place] !== undefined);
  if (named.length > 1) context.addIssue({ code: "custom", message: `${named.join(" and ")} exclude each other` });
}

export const DispatchArgumentsSchema = z.strictObject(dispatchShape).superRefine(atOnePlace);
export const WaitingDispatchArgumentsSchema = z
  .strictObject({ ...dispatchShape, wait_seconds: WaitSecondsSchema.optional() })
  .superRefine(atOnePlace);

const statusShape = { run_id: RunIdSchema, cursor: z.int().min(0).optional() };
export const StatusArgumentsSchema = z.strictObject(statusShape);
export const WaitingStatusArgumentsSchema = z.strictObject({
  ...statusShape,
  wait_seconds: WaitSecondsSchema.optional(),
});

export const CancelArgumentsSchema = z.strictObject({ run_id: RunIdSchema });

/** Throws an `invalid_input` failure that names what does not fit. */
export function readArguments<S extends z.ZodType>(schema: S, args: unknown): z.output<S> {
  const parsed = schema.safeParse(args, JITLESS);
  if (parsed.success) return parsed.data;
  throw new ExecutionFailure("invalid_input", `the arguments do not fit: ${describeIssues(parsed.error)}`);
}

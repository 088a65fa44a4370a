/** One `tools/call`. */
import type * as z from "zod";
import { CallToolParamsSchema, RetriedCallSchema } from "#protocols/mcp";
import { TOOL_NAMES, type ToolName } from "../../../model-tools/index.ts";
import type { MethodContext } from "../../../stdio/index.ts";
import { quotedWord } from "../../../support/clip.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { describeIssues, JITLESS } from "../../../support/zod.ts";
import type { Caller } from "./callers.ts";
import type { ProgressToken } from "./progress.ts";

export interface Call extends Pick<MethodContext, "wire"> {
  name: ToolName;
  /** As the model wrote them. */
  args: unknown;
  caller: Caller;
  /** Aborted when the client cancels the call, which includes its own timeout. */
  cancelled: AbortSignal;
  /** Ends a wait: aborted with `cancelled`, and when the server ends. */
  hurried: AbortSignal;
  progressToken: ProgressToken | undefined;
  /** `_meta` of the call. */
  meta: unknown;
  /** Present when the call repeats one that was answered with `input_required`. */
  retry: Retry | undefined;
  /** Present when the call asks for the result of a task. */
  taskId?: string;
  /** Present when the client wants a task in place of the result. */
  task: { ttl: number | null } | undefined;
}

/** What a repeated call brings back. */
export interface Retry {
  requestState: string | undefined;
  inputResponses: Readonly<Record<string, unknown>>;
}

/** Throws `invalid_input` for params that are none, and for an unknown tool. */
export function readCall(
  params: unknown,
  caller: Caller,
  { wire, signal, hurried }: Pick<MethodContext, "wire" | "signal"> & Pick<Call, "hurried">,
): Call {
  const { name, arguments: args = {}, _meta: meta, task } = readParams(CallToolParamsSchema, params);
  const known = TOOL_NAMES.find((one) => one === name);
  if (!known) {
    const asked = quotedWord(name);
    throw new ExecutionFailure("invalid_input", `there is no tool ${asked}; there are ${TOOL_NAMES.join(", ")}`);
  }
  return {
    name: known,
    args,
    caller,
    wire,
    cancelled: signal,
    hurried,
    progressToken: meta?.progressToken,
    meta,
    task: task && caller.era === "handshake" && caller.revision >= "2025-11-25" ? { ttl: task.ttl ?? null } : undefined,
    retry: caller.era === "stateless" ? readRetry(params) : undefined,
  };
}

/** A call that only looks, for a method that is none of the tools'. */
export function lookOf(
  caller: Caller,
  { wire, signal, hurried }: Pick<MethodContext, "wire" | "signal"> & Pick<Call, "hurried">,
): Call {
  const nothing = { progressToken: undefined, meta: undefined, retry: undefined, task: undefined };
  return { name: "seren_run_status", args: {}, caller, wire, cancelled: signal, hurried, ...nothing };
}

function readRetry(params: unknown): Retry | undefined {
  const { requestState, inputResponses } = readParams(RetriedCallSchema, params);
  if (requestState === undefined && inputResponses === undefined) return undefined;
  return { requestState, inputResponses: inputResponses ?? {} };
}

/** Throws `invalid_input` for params that do not fit. */
export function readParams<S extends z.ZodType>(schema: S, params: unknown): z.output<S> {
  const parsed = schema.safeParse(params ?? {}, JITLESS);
  if (!parsed.success) throw new ExecutionFailure("invalid_input", describeIssues(parsed.error));
  return parsed.data;
}

/** Members that the input of a task and the arguments of the tools have in common. */
import * as z from "zod";
import { MAX_TIMEOUT_MS } from "../../core/index.ts";

export const MAX_TIMEOUT_SECONDS = MAX_TIMEOUT_MS / 1000;

export const PromptSchema = z.string().refine((prompt) => prompt.trim() !== "", "must not be empty");
export const RunIdSchema = z.guid("is not the id of a run, which is five groups of hexadecimal digits");
export const AgentNameSchema = z.string().min(1).max(200);
export const TimeoutSecondsSchema = z.int().min(1).max(MAX_TIMEOUT_SECONDS);

/**
 * Replies as this program sends them, strict. Only tests parse them; they have a file of their own, so that the bundle holds
 * none of them. Source: the JSON-RPC 2.0 specification.
 */
import * as z from "zod";
import { JSON_RPC_VERSION, RpcIdSchema } from "./messages.ts";

/** `data` is whatever the protocol above puts there. */
export const RpcErrorSchema = z.strictObject({
  code: z.int(),
  message: z.string(),
  data: z.looseObject({}).optional(),
});
export type RpcError = z.output<typeof RpcErrorSchema>;

/** Strict: what this process emits. A result is always an object, which is all that either host reads. */
export const RpcSuccessSchema = z.strictObject({
  jsonrpc: z.literal(JSON_RPC_VERSION),
  id: RpcIdSchema,
  result: z.looseObject({}),
});

/** `id` is null where the request's own could not be read. */
export const RpcFailureSchema = z.strictObject({
  jsonrpc: z.literal(JSON_RPC_VERSION),
  id: RpcIdSchema.nullable(),
  error: RpcErrorSchema,
});

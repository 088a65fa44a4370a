/**
 * JSON-RPC 2.0 as both hosts speak it: one object per line, no batches, ids that are strings or whole numbers.
 * Source: the JSON-RPC 2.0 specification, narrowed to what a Rust `i64`-or-string id can be.
 */
import * as z from "zod";

export const JSON_RPC_VERSION = "2.0";

/** The standard codes; `serverError` is the first of the range left to applications. */
export const ERROR_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  serverError: -32000,
} as const;

/** Longest string id that is echoed, in UTF-16 units: a reply must fit in one frame whatever it answers. */
export const MAX_ID_LENGTH = 4096;

/** Echoed with its exact JSON type. A lone surrogate could not be echoed as valid UTF-8. */
export const RpcIdSchema = z.union([
  z
    .string()
    .max(MAX_ID_LENGTH)
    .refine((id) => id.isWellFormed(), "must be well-formed Unicode"),
  z.int(),
]);
export type RpcId = z.output<typeof RpcIdSchema>;

const structured = z
  .unknown()
  .refine((params) => params === undefined || typeof params === "object", "must be an object or an array");

/** Loose: unknown members are ignored everywhere on both wires. */
export const RpcRequestSchema = z.looseObject({
  jsonrpc: z.literal(JSON_RPC_VERSION),
  id: RpcIdSchema,
  method: z.string().min(1),
  params: structured.optional(),
});
export type RpcRequest = z.output<typeof RpcRequestSchema>;

/** A message without an `id` member; `"id": null` is not one. */
export const RpcNotificationSchema = z.looseObject({
  jsonrpc: z.literal(JSON_RPC_VERSION),
  id: z.undefined().optional(),
  method: z.string().min(1),
  params: structured.optional(),
});
export type RpcNotification = z.output<typeof RpcNotificationSchema>;

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
export type RpcSuccess = z.output<typeof RpcSuccessSchema>;

/** `id` is null where the request's own could not be read. */
export const RpcFailureSchema = z.strictObject({
  jsonrpc: z.literal(JSON_RPC_VERSION),
  id: RpcIdSchema.nullable(),
  error: RpcErrorSchema,
});
export type RpcFailure = z.output<typeof RpcFailureSchema>;

/** The error of a peer. Read loosely: an odd member must not hide that the request was refused. */
export const RpcPeerErrorSchema = z
  .looseObject({
    code: z.int().catch(ERROR_CODES.serverError),
    message: z.string().catch(""),
    data: z.unknown().optional(),
  })
  .catch({ code: ERROR_CODES.serverError, message: "" });

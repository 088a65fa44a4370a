/** Ids, codes, and the messages of a peer. Source: the JSON-RPC 2.0 specification. */
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
const MAX_ID_LENGTH = 4096;

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

/** A message without an `id` member; `"id": null` is not one. */
export const RpcNotificationSchema = z.looseObject({
  jsonrpc: z.literal(JSON_RPC_VERSION),
  id: z.undefined().optional(),
  method: z.string().min(1),
  params: structured.optional(),
});

/** The error of a peer. Read loosely: an odd member must not hide that the request was refused. */
export const RpcPeerErrorSchema = z
  .looseObject({
    code: z.int().catch(ERROR_CODES.serverError),
    message: z.string().catch(""),
    data: z.unknown().optional(),
  })
  .catch({ code: ERROR_CODES.serverError, message: "" });

/**
 * JSON-RPC 2.0 as the hosts speak it: one object per line, no batches, ids that are strings or whole numbers (narrowed to
 * what a Rust `i64`-or-string id can be).
 */
export {
  ERROR_CODES,
  JSON_RPC_VERSION,
  type RpcId,
  RpcIdSchema,
  RpcNotificationSchema,
  RpcPeerErrorSchema,
  RpcRequestSchema,
} from "./messages.ts";
export { type RpcError, RpcErrorSchema, RpcFailureSchema, RpcSuccessSchema } from "./sent.ts";

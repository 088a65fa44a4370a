/**
 * The hosts' side of stdio. A program that claims stdout imports `claim-stdout.ts` itself, before this door: what is
 * behind it loads the JSON-RPC library.
 */
export { type Served, serve } from "./serve.ts";
export {
  describeIssues,
  type EndCause,
  type Method,
  type MethodContext,
  method,
  type ServeOptions,
  type Wire,
  type WireError,
} from "./wire.ts";

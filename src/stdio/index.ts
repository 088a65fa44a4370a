/** The hosts' side of stdio: a claimed stdout, the first line, and JSON-RPC in NDJSON lines. */
export { claimStdout } from "./claim-stdout.ts";
export { answerFirstLine, type Handshake } from "./first-line.ts";
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

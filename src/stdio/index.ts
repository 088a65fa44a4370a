/** The hosts' side of stdio: a claimed stdout, the handshake, and JSON-RPC in both directions, one message a line. */
export { ERROR_CODES } from "#protocols/json-rpc";
export { claimStdout } from "./claim-stdout.ts";
export { errorNumber } from "./error-numbers.ts";
export { answerHandshake, type Handshake, type HeardRequest } from "./handshake.ts";
export { serve } from "./host-connection.ts";
export { closeLostTerminals } from "./lost-terminal.ts";
export { wholeOutput } from "./whole-output.ts";
export {
  type Cancellation,
  type EndCause,
  HostError,
  type Method,
  type MethodContext,
  method,
  NO_REPLY,
  notification,
  type ServeOptions,
  type Wire,
  type WireError,
} from "./wire.ts";

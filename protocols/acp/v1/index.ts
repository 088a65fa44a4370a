/** The Agent Client Protocol, version 1 (schema 1.7.0), as far as this package uses it. */
export { ACP_ERRORS, PROTOCOL_VERSION } from "./constants.ts";
export {
  AuthenticateParamsSchema,
  type ContentBlock,
  InitializeParamsSchema,
  NewSessionParamsSchema,
  PermissionResultSchema,
  PromptParamsSchema,
  SessionParamsSchema,
  SetConfigOptionParamsSchema,
} from "./requests.ts";
export {
  CancelRequestParamsSchema,
  type ConfigOption,
  ConfigOptionsResultSchema,
  type InitializeResult,
  InitializeResultSchema,
  NewSessionResultSchema,
  type PermissionParams,
  PermissionParamsSchema,
  type PromptResult,
  PromptResultSchema,
  type SessionUpdate,
  SessionUpdateParamsSchema,
  type ToolKind,
} from "./sent.ts";

/** The version, and the codes this protocol adds to those of JSON-RPC. Source: schema 1.7.0, `ErrorCode`. */

export const PROTOCOL_VERSION = 1;

export const ACP_ERRORS = {
  authenticationRequired: -32000,
  resourceNotFound: -32002,
} as const;

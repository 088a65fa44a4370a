/** Revision 2025-11-25, and the handshake revisions before it. */
export {
  CallToolParamsSchema,
  ElicitResultSchema,
  InitializeParamsSchema,
  ListParamsSchema,
  ReadResourceParamsSchema,
  TaskParamsSchema,
} from "./requests.ts";

/**
 * The Model Context Protocol, one folder a revision. Between the handshake revisions only members were added, so the newest
 * one reads them all; which members a revision knows is in `revisions.ts`. The two eras have names of their own.
 */
export {
  CallToolParamsSchema,
  ElicitResultSchema,
  InitializeParamsSchema,
  ListParamsSchema,
  ReadResourceParamsSchema,
  TaskParamsSchema,
} from "./2025-11-25/index.ts";
export { EnvelopeSchema, RetriedCallSchema, UpdateTaskParamsSchema } from "./2026-07-28/index.ts";
export * from "./revisions.ts";

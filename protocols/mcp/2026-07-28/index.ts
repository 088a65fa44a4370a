/** Revision 2026-07-28: no handshake; every request carries its revision and the capabilities of its client. */
export { EnvelopeSchema, RetriedCallSchema, UpdateTaskParamsSchema } from "./requests.ts";

/** What a client sends, as far as it differs from the handshake revisions. Read loosely. */
import * as z from "zod";

/** `_meta` of every request. The names are those of `revisions.ts`. */
export const EnvelopeSchema = z.looseObject({
  "io.modelcontextprotocol/protocolVersion": z.string(),
  "io.modelcontextprotocol/clientCapabilities": z.looseObject({}),
});

/** Of the tasks extension. */
export const UpdateTaskParamsSchema = z.looseObject({
  taskId: z.string(),
  inputResponses: z.record(z.string(), z.unknown()),
});

/** A call that is repeated with what `input_required` asked for. */
export const RetriedCallSchema = z.looseObject({
  inputResponses: z.record(z.string(), z.unknown()).optional(),
  requestState: z.string().optional(),
});

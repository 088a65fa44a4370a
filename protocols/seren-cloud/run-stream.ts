/**
 * The events of a run, as its stream (SSE) and its event list carry them.
 * Source: `GET /runs/{run_id}/stream` and `CloudRunOutputEventEnvelope` of the published OpenAPI document; the names of the
 * stream's frames are in `docs/reference/seren-cloud-api.md`, section 4.
 *
 * An event is flattened into its envelope: `type` says what it is, `kind` belongs to the envelope (and collides with the
 * artifact event's own `kind`, so `type` alone decides). `RunEventSchema` refuses events of an unknown type; they are no
 * error, and `src/seren/mapping/events.ts` skips them.
 */
import * as z from "zod";

export const RunEventSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("thinking"), text: z.string(), duration_ms: z.number().nullish() }),
  z.looseObject({
    type: z.literal("tool_call"),
    id: z.string(),
    name: z.string(),
    arguments: z.string().nullish(),
    status: z.string().nullish(),
  }),
  z.looseObject({
    type: z.literal("tool_result"),
    id: z.string(),
    content: z.string(),
    is_error: z.boolean(),
    code: z.string().nullish(),
  }),
  z.looseObject({ type: z.literal("tool_audit"), id: z.string(), tool: z.string(), reason: z.string() }),
  z.looseObject({
    type: z.literal("workflow"),
    state: z.string(),
    checkpoint_id: z.string().nullish(),
    details: z.unknown().optional(),
  }),
  z.looseObject({
    type: z.literal("approval_wait"),
    checkpoint_id: z.string().nullish(),
    reason: z.string().nullish(),
    tool_call_id: z.string().nullish(),
  }),
  z.looseObject({ type: z.literal("approval_decision"), decision: z.string() }),
  z.looseObject({ type: z.literal("guardrail_pass"), name: z.string(), target: z.string() }),
  z.looseObject({
    type: z.literal("guardrail_fail"),
    name: z.string(),
    target: z.string(),
    action: z.string(),
    message: z.string(),
  }),
  z.looseObject({ type: z.literal("handoff"), to_agent: z.string(), from_agent: z.string().nullish() }),
  z.looseObject({
    type: z.literal("artifact"),
    id: z.string(),
    kind: z.string(),
    uri: z.string().nullish(),
    sha256: z.string().nullish(),
    size_bytes: z.number().nullish(),
  }),
  z.looseObject({ type: z.literal("done"), status: z.string(), reason: z.string().nullish() }),
  z.looseObject({ type: z.literal("compaction_started") }),
  z.looseObject({ type: z.literal("compaction_finished") }),
  z.looseObject({
    type: z.literal("error"),
    message: z.string(),
    code: z.string().nullish(),
    cause: z.string().nullish(),
    retryable: z.boolean().nullish(),
  }),
]);

/** The members an event shares its object with. */
export const RunEventEnvelopeSchema = z.looseObject({
  sequence_number: z.number().nullish(),
  event_type: z.string().nullish(),
  kind: z.string().nullish(),
  item_id: z.string().nullish(),
});

/**
 * Courier → host while a `run` is unanswered: `courier.event`, whose params are the event itself. Strict, because an
 * unknown `kind` kills the turn.
 * Source: Dispatch 0.4, `crates/dispatch-courier-protocol/src/lib.rs`, `CourierEvent`, and
 * `crates/dispatch-channel-protocol/src/lib.rs`, `OutboundMessageEnvelope`.
 */
import * as z from "zod";
import { LocalToolSpecSchema } from "./tools.ts";

const AttachmentSchema = z.strictObject({
  name: z.string(),
  mime_type: z.string(),
  data_base64: z.string().nullish(),
  url: z.string().nullish(),
  storage_key: z.string().nullish(),
});

/** `attachments` and `metadata` may be missing but not null. */
const OutboundMessageSchema = z.strictObject({
  content: z.string(),
  content_type: z.string().nullish(),
  attachments: z.array(AttachmentSchema).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
});

export const CourierEventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("prompt_resolved"), text: z.string() }),
  z.strictObject({ kind: z.literal("local_tools_listed"), tools: z.array(LocalToolSpecSchema) }),
  z.strictObject({ kind: z.literal("backend_fallback"), backend: z.string(), error: z.string() }),
  z.strictObject({
    kind: z.literal("tool_call_started"),
    invocation: z.strictObject({ name: z.string(), input: z.string().nullish() }),
    command: z.string(),
    args: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal("tool_call_finished"),
    result: z.strictObject({
      tool: z.string(),
      command: z.string(),
      args: z.array(z.string()),
      exit_code: z.int32(),
      stdout: z.string(),
      stderr: z.string(),
    }),
  }),
  z.strictObject({ kind: z.literal("message"), role: z.string(), content: z.string() }),
  z.strictObject({ kind: z.literal("channel_reply"), message: OutboundMessageSchema }),
  z.strictObject({ kind: z.literal("text_delta"), content: z.string() }),
  z.strictObject({ kind: z.literal("done") }),
]);
export type CourierEvent = z.output<typeof CourierEventSchema>;

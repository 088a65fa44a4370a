/**
 * Local tools as a courier lists them, and the words a parcel and a listing share.
 * Source: Dispatch 0.4, `crates/dispatch-courier-protocol/src/lib.rs`, `LocalToolSpec`.
 */
import * as z from "zod";

export const TOOL_APPROVALS = ["never", "always", "confirm", "audit"] as const;
export const TOOL_RISKS = ["low", "medium", "high"] as const;
export const A2A_ENDPOINT_MODES = ["auto", "card", "direct"] as const;

export const A2aAuthSchema = z.discriminatedUnion("scheme", [
  z.strictObject({ scheme: z.literal("bearer"), secret_name: z.string() }),
  z.strictObject({ scheme: z.literal("header"), header_name: z.string(), secret_name: z.string() }),
  z.strictObject({ scheme: z.literal("basic"), username_secret_name: z.string(), password_secret_name: z.string() }),
]);

/** What both transports say. The host writes an absent option as null, and so do we. */
const common = {
  alias: z.string(),
  approval: z.enum(TOOL_APPROVALS).nullable(),
  risk: z.enum(TOOL_RISKS).nullable(),
  description: z.string().nullable(),
  input_schema_packaged_path: z.string().nullable(),
  input_schema_sha256: z.string().nullable(),
  skill_source: z.string().nullable(),
};

/** Courier → host: one flat object, told apart by `transport`. */
export const LocalToolSpecSchema = z.discriminatedUnion("transport", [
  z.strictObject({
    transport: z.literal("local"),
    ...common,
    packaged_path: z.string(),
    command: z.string(),
    args: z.array(z.string()),
  }),
  z.strictObject({
    transport: z.literal("a2a"),
    ...common,
    endpoint_url: z.string(),
    endpoint_mode: z.enum(A2A_ENDPOINT_MODES).nullable(),
    auth: A2aAuthSchema.nullable(),
    expected_agent_name: z.string().nullable(),
    expected_card_sha256: z.string().nullable(),
  }),
]);
export type LocalToolSpec = z.output<typeof LocalToolSpecSchema>;

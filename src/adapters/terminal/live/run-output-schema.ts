/**
 * What programs may rely on of the JSON lines of `run --json`, `runs follow --json` and `runs export`: one object per line, the last one
 * of type `outcome` or `error`. `docs/cli.md` explains it. Members may be added, none is renamed or removed.
 *
 * Apart from what makes the lines, because no command but `schema` needs it at run time.
 */
import * as z from "zod";

export const RunFields = {
  run_id: z.string().optional(),
  deployment_id: z.string().optional(),
  conversation_id: z.string().optional(),
  url: z.string().optional(),
};
export const UsageSchema = z.strictObject({
  input_tokens: z.int(),
  output_tokens: z.int(),
  /** Decimal strings in US dollars. */
  compute_usd: z.string().optional(),
  inference_usd: z.string().optional(),
  duration_ms: z.number().optional(),
});
export const ArtifactSchema = z.strictObject({
  id: z.string(),
  kind: z.string(),
  title: z.string().optional(),
  uri: z.string().optional(),
  sha256: z.string().optional(),
  size_bytes: z.number().optional(),
});
export const ApprovalSchema = z.strictObject({ id: z.string(), tool: z.string(), reason: z.string().optional() });
const PHASES = [
  "resolving",
  "deploying",
  "submitting",
  "queued",
  "running",
  "awaiting_approval",
  "reconnecting",
  "cancelling",
  "reconciling",
] as const;
const CUTS = ["length", "filter", "steps", "early", "log", "size"] as const;
export const OUTCOMES = ["completed", "failed", "cancelled", "timed_out", "blocked", "awaiting_approval"] as const;

export const RunOutputLineSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("status"), phase: z.enum(PHASES), detail: z.string().optional(), ...RunFields }),
  /** What the run was asked for. Only `runs export` says it. */
  z.strictObject({
    type: z.literal("input"),
    message: z.string().optional(),
    operation: z.enum(["chat", "job", "heartbeat"]).optional(),
    inputs: z.unknown().optional(),
  }),
  z.strictObject({ type: z.literal("text"), text: z.string() }),
  z.strictObject({ type: z.literal("thinking"), text: z.string() }),
  z.strictObject({ type: z.literal("tool_call"), id: z.string(), name: z.string(), arguments: z.string() }),
  z.strictObject({
    type: z.literal("tool_result"),
    id: z.string(),
    name: z.string(),
    content: z.string(),
    is_error: z.boolean(),
  }),
  z.strictObject({
    type: z.literal("approval_wait"),
    approvals: z.array(ApprovalSchema),
    reason: z.string().optional(),
  }),
  z.strictObject({ type: z.literal("artifact"), artifact: ArtifactSchema }),
  z.strictObject({ type: z.literal("usage"), usage: UsageSchema }),
  z.strictObject({ type: z.literal("notice"), level: z.enum(["info", "warning"]), message: z.string() }),
  /** The last line when there was a run. `text` is the full answer; partial unless the run completed. */
  z.strictObject({
    type: z.literal("outcome"),
    outcome: z.enum(OUTCOMES),
    exit_code: z.int(),
    ...RunFields,
    text: z.string(),
    error: z.strictObject({ message: z.string(), code: z.string().optional() }).optional(),
    usage: UsageSchema.optional(),
    artifacts: z.array(ArtifactSchema),
    approvals: z.array(ApprovalSchema),
    stop_reason: z.string().optional(),
    /** The answer is not whole although the run completed; with `log` and `size`, or another outcome, there is more of it. */
    cut: z.enum(CUTS).optional(),
  }),
  /** The last line with `--detach`. */
  z.strictObject({ type: z.literal("detached"), ...RunFields }),
  /** The last line when no run was started, or it could not be followed. */
  z.strictObject({ type: z.literal("error"), kind: z.string(), message: z.string(), exit_code: z.int() }),
]);
export type RunOutputLine = z.output<typeof RunOutputLineSchema>;

export type CutMember = (typeof CUTS)[number];
export type RunMembers = z.output<z.ZodObject<typeof RunFields>>;
export type UsageMembers = z.output<typeof UsageSchema>;
export type ArtifactMembers = z.output<typeof ArtifactSchema>;
export type ApprovalMembers = z.output<typeof ApprovalSchema>;

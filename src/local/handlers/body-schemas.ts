/** Bodies of the run, approval and bundle operations, transcribed from the published document. */
import * as z from "zod";

const ChannelBinding = z.looseObject({ binding_id: z.guid(), generation: z.int() });

const Collaboration = z.strictObject({
  invocation_origin: z.discriminatedUnion("kind", [
    z.looseObject({ kind: z.literal("direct") }),
    z.looseObject({ kind: z.literal("channel"), binding: ChannelBinding }),
  ]),
  knowledge_capture_target: z.discriminatedUnion("kind", [
    z.looseObject({ kind: z.literal("none") }),
    z.looseObject({ kind: z.literal("organization_selection") }),
    z.looseObject({ kind: z.literal("personal"), provider: z.enum(["memory"]) }),
  ]),
  output_audience: z.discriminatedUnion("kind", [
    z.looseObject({ kind: z.literal("organization") }),
    z.looseObject({ kind: z.literal("channel"), binding: ChannelBinding }),
  ]),
  knowledge_selection: z
    .discriminatedUnion("kind", [
      z.looseObject({ kind: z.literal("none") }),
      z.looseObject({ kind: z.literal("organization"), provider: z.enum(["memory"]), selection_id: z.guid() }),
    ])
    .optional(),
  task_label: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,127}$/)
    .nullish(),
});

const Decision = z.looseObject({ id: z.string(), decision: z.enum(["approve", "reject"]) });
export type Decision = z.output<typeof Decision>;
export const DecisionsSchema = z.array(Decision);

/** `CloudDeploymentRunRequest`. Not strict: unknown members are handed on to the agent. The body may be `null`. */
export const CreateRunBodySchema = z
  .looseObject({
    message: z.string().nullish(),
    async: z.boolean().nullish(),
    run_id: z.string().nullish(),
    resume_checkpoint_id: z.string().nullish(),
    approval_decisions: DecisionsSchema.nullish(),
    collaboration: Collaboration.nullish(),
  })
  .nullable();

/**
 * `CloudDeploymentRunResumeRequest`. The document leaves `approval_decisions` untyped and does not name the checkpoint,
 * but published clients send both: the handler checks them.
 */
export const ResumeBodySchema = z
  .looseObject({
    approval_decisions: z.unknown().optional(),
    include_raw_tool_outputs: z.boolean().nullish(),
    message: z.string().nullish(),
  })
  .nullable();

export const InboxDecisionBodySchema = z.looseObject({
  decision: z.enum(["approve", "deny"]),
  comment: z.string().nullish(),
});

/** What the inbox may use of a permission without asking again (docs/reference/seren-cloud-api.md, section 12.4). */
const Lease = z.looseObject({ action: z.string(), capability: z.string(), use_budget: z.int().min(1) });
export type Lease = z.output<typeof Lease>;

/** The body in a newer contract, which also takes a decision for later requests. */
export const LeaseDecisionBodySchema = z.discriminatedUnion("decision", [
  InboxDecisionBodySchema,
  z.looseObject({ decision: z.literal("allow_always"), lease: Lease, comment: z.string().nullish() }),
]);

export const BundleBodySchema = z.strictObject({
  sha256: z.string(),
  size_bytes: z.int(),
  source_kind: z.enum(["tar_gz"]),
});

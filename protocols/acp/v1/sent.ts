/** What we send. Source: schema 1.7.0. Declared strictly, without the members that we never send. */
import * as z from "zod";

const TextSchema = z.strictObject({ type: z.literal("text"), text: z.string() });
const LinkSchema = z.strictObject({ type: z.literal("resource_link"), name: z.string(), uri: z.string() });
const ToolContentSchema = z.strictObject({
  type: z.literal("content"),
  content: z.discriminatedUnion("type", [TextSchema, LinkSchema]),
});

const ToolKindSchema = z.enum(["read", "edit", "delete", "move", "search", "execute", "think", "fetch", "other"]);
export type ToolKind = z.output<typeof ToolKindSchema>;
const ToolStatusSchema = z.enum(["pending", "in_progress", "completed", "failed"]);

const ToolCallSchema = z.strictObject({
  toolCallId: z.string(),
  title: z.string(),
  kind: ToolKindSchema,
  status: ToolStatusSchema,
  content: z.array(ToolContentSchema).optional(),
  rawInput: z.record(z.string(), z.unknown()).optional(),
});

const SessionUpdateSchema = z.discriminatedUnion("sessionUpdate", [
  z.strictObject({ sessionUpdate: z.literal("agent_message_chunk"), messageId: z.string(), content: TextSchema }),
  z.strictObject({ sessionUpdate: z.literal("agent_thought_chunk"), content: TextSchema }),
  ToolCallSchema.extend({ sessionUpdate: z.literal("tool_call") }),
  z.strictObject({
    sessionUpdate: z.literal("tool_call_update"),
    toolCallId: z.string(),
    status: ToolStatusSchema,
    content: z.array(ToolContentSchema).optional(),
  }),
]);
export type SessionUpdate = z.output<typeof SessionUpdateSchema>;

export const SessionUpdateParamsSchema = z.strictObject({ sessionId: z.string(), update: SessionUpdateSchema });

export const PermissionParamsSchema = z.strictObject({
  sessionId: z.string(),
  toolCall: ToolCallSchema,
  options: z.array(
    z.strictObject({ optionId: z.string(), name: z.string(), kind: z.enum(["allow_once", "reject_once"]) }),
  ),
});
export type PermissionParams = z.output<typeof PermissionParamsSchema>;

export const CancelRequestParamsSchema = z.strictObject({ requestId: z.string() });

const AuthMethodSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  /** Left out for the type `agent`, which is the default. */
  type: z.literal("terminal").optional(),
  args: z.array(z.string()).optional(),
});

const NoneSchema = z.strictObject({});

export const InitializeResultSchema = z.strictObject({
  protocolVersion: z.int(),
  agentInfo: z.strictObject({ name: z.string(), title: z.string(), version: z.string() }),
  agentCapabilities: z.strictObject({
    loadSession: z.literal(false),
    promptCapabilities: z.strictObject({
      image: z.literal(false),
      audio: z.literal(false),
      embeddedContext: z.literal(true),
    }),
    mcpCapabilities: z.strictObject({ http: z.literal(false), sse: z.literal(false) }),
    sessionCapabilities: z.strictObject({ resume: NoneSchema, close: NoneSchema }),
  }),
  authMethods: z.array(AuthMethodSchema),
});
export type InitializeResult = z.output<typeof InitializeResultSchema>;

const ConfigOptionSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  category: z.string(),
  type: z.literal("select"),
  currentValue: z.string(),
  options: z.array(z.strictObject({ value: z.string(), name: z.string(), description: z.string() })),
});
export type ConfigOption = z.output<typeof ConfigOptionSchema>;

/** Also the result of `session/resume`. */
export const ConfigOptionsResultSchema = z.strictObject({ configOptions: z.array(ConfigOptionSchema) });
export const NewSessionResultSchema = ConfigOptionsResultSchema.extend({ sessionId: z.string() });

/** Members of `_meta` are ours, by the name of this program. */
export const PromptResultSchema = z.strictObject({
  stopReason: z.enum(["end_turn", "max_tokens", "max_turn_requests", "refusal", "cancelled"]),
  _meta: z
    .strictObject({
      "seren-bridge/run": z.strictObject({ runId: z.string(), url: z.string().optional() }).optional(),
      "seren-bridge/usage": z
        .strictObject({
          inputTokens: z.int(),
          outputTokens: z.int(),
          computeUsd: z.string().optional(),
          inferenceUsd: z.string().optional(),
          durationMs: z.number().optional(),
        })
        .optional(),
    })
    .optional(),
});
export type PromptResult = z.output<typeof PromptResultSchema>;

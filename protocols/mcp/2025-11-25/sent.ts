/** What this program sends, strict. Only tests parse them. Source: schema 2025-11-25. */
import * as z from "zod";

const AnnotationsSchema = z.strictObject({
  readOnlyHint: z.boolean(),
  destructiveHint: z.boolean(),
  idempotentHint: z.boolean(),
  openWorldHint: z.boolean(),
});
const JsonSchemaSchema = z.looseObject({ type: z.literal("object") });

const ToolSchema = z.strictObject({
  name: z.string(),
  title: z.string().optional(),
  description: z.string(),
  inputSchema: JsonSchemaSchema,
  outputSchema: JsonSchemaSchema.optional(),
  annotations: AnnotationsSchema.optional(),
  execution: z.strictObject({ taskSupport: z.literal("optional") }).optional(),
});
export const ListToolsResultSchema = z.strictObject({ tools: z.array(ToolSchema) });

export const InitializeResultSchema = z.strictObject({
  protocolVersion: z.string(),
  capabilities: z.strictObject({
    tools: z.strictObject({}),
    resources: z.strictObject({}),
    tasks: z
      .strictObject({
        cancel: z.strictObject({}),
        requests: z.strictObject({ tools: z.strictObject({ call: z.strictObject({}) }) }),
      })
      .optional(),
  }),
  serverInfo: z.strictObject({ name: z.string(), title: z.string().optional(), version: z.string() }),
  instructions: z.string(),
});

const ResourceLinkSchema = z.strictObject({
  type: z.literal("resource_link"),
  uri: z.string(),
  name: z.string(),
  mimeType: z.string().optional(),
  size: z.int().min(0).optional(),
});
/** All of it in words, then the artifacts. */
const ContentSchema = z.tuple([z.strictObject({ type: z.literal("text"), text: z.string() })], ResourceLinkSchema);

export const CallToolResultSchema = z.strictObject({
  content: ContentSchema,
  structuredContent: z.looseObject({}).optional(),
  isError: z.boolean(),
  _meta: z.strictObject({ "io.modelcontextprotocol/related-task": z.strictObject({ taskId: z.string() }) }).optional(),
});

export const ListResourcesResultSchema = z.strictObject({ resources: z.tuple([]) });

export const ListResourceTemplatesResultSchema = z.strictObject({
  resourceTemplates: z.array(z.strictObject({ uriTemplate: z.string(), name: z.string(), description: z.string() })),
});

const ContentsSchema = { uri: z.string(), mimeType: z.string().optional() };
export const ReadResourceResultSchema = z.strictObject({
  contents: z.array(
    z.union([
      z.strictObject({ ...ContentsSchema, text: z.string() }),
      z.strictObject({ ...ContentsSchema, blob: z.base64() }),
    ]),
  ),
});

const TaskSchema = z.strictObject({
  taskId: z.string(),
  status: z.enum(["working", "input_required", "completed", "failed", "cancelled"]),
  createdAt: z.iso.datetime(),
  lastUpdatedAt: z.iso.datetime(),
  ttl: z.int().nullable(),
  pollInterval: z.int(),
});
export const CreateTaskResultSchema = z.strictObject({ task: TaskSchema });
export const GetTaskResultSchema = TaskSchema;

export const ProgressParamsSchema = z.strictObject({
  progressToken: z.union([z.string(), z.int()]),
  progress: z.number(),
  message: z.string().max(100),
});

export const CancelledParamsSchema = z.strictObject({ requestId: z.string(), reason: z.string() });

export const ElicitParamsSchema = z.looseObject({
  message: z.string(),
  requestedSchema: z.strictObject({
    type: z.literal("object"),
    properties: z.strictObject({
      approve: z.looseObject({ type: z.literal("boolean"), default: z.undefined().optional() }),
    }),
    required: z.tuple([z.literal("approve")]),
  }),
});

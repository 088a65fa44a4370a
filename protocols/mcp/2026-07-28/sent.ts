/** What this program sends, strict. Only tests parse them. Source: schema 2026-07-28. */
import * as z from "zod";

const MetaSchema = z.strictObject({
  "io.modelcontextprotocol/serverInfo": z.strictObject({ name: z.string(), title: z.string(), version: z.string() }),
});
const complete = { resultType: z.literal("complete"), _meta: MetaSchema };
const cacheable = { ...complete, ttlMs: z.int().min(0), cacheScope: z.enum(["public", "private"]) };

export const DiscoverResultSchema = z.strictObject({
  ...cacheable,
  supportedVersions: z.array(z.string()),
  capabilities: z.strictObject({
    tools: z.strictObject({}),
    resources: z.strictObject({}),
    extensions: z.strictObject({ "io.modelcontextprotocol/tasks": z.strictObject({}) }),
  }),
  instructions: z.string(),
});

export const ListToolsResultSchema = z.strictObject({
  ...cacheable,
  tools: z.array(z.looseObject({ name: z.string() })),
});

/** All of it in words, then the artifacts. */
const ContentSchema = z.tuple(
  [z.strictObject({ type: z.literal("text"), text: z.string() })],
  z.strictObject({
    type: z.literal("resource_link"),
    uri: z.string(),
    name: z.string(),
    mimeType: z.string().optional(),
    size: z.int().min(0).optional(),
  }),
);

export const CallToolResultSchema = z.strictObject({
  ...complete,
  content: ContentSchema,
  structuredContent: z.looseObject({}).optional(),
  isError: z.boolean(),
});

export const ListResourcesResultSchema = z.strictObject({ ...cacheable, resources: z.tuple([]) });

export const ListResourceTemplatesResultSchema = z.strictObject({
  ...cacheable,
  resourceTemplates: z.array(z.strictObject({ uriTemplate: z.string(), name: z.string(), description: z.string() })),
});

const contents = { uri: z.string(), mimeType: z.string().optional() };
export const ReadResourceResultSchema = z.strictObject({
  ...cacheable,
  contents: z.array(
    z.union([z.strictObject({ ...contents, text: z.string() }), z.strictObject({ ...contents, blob: z.base64() })]),
  ),
});

/** One yes or no, without a default: some clients fill defaults in. */
const FormSchema = z.strictObject({
  type: z.literal("object"),
  properties: z.strictObject({
    approve: z.strictObject({ type: z.literal("boolean"), title: z.string(), description: z.string() }),
  }),
  required: z.tuple([z.literal("approve")]),
});

const InputRequestsSchema = z.record(
  z.string(),
  z.strictObject({
    method: z.literal("elicitation/create"),
    params: z.strictObject({ mode: z.literal("form"), message: z.string(), requestedSchema: FormSchema }),
  }),
);

export const InputRequiredResultSchema = z.strictObject({
  resultType: z.literal("input_required"),
  _meta: MetaSchema,
  inputRequests: InputRequestsSchema,
  requestState: z.string(),
});

const task = {
  taskId: z.string(),
  createdAt: z.iso.datetime(),
  lastUpdatedAt: z.iso.datetime(),
  ttlMs: z.null(),
  pollIntervalMs: z.int(),
};
export const CreateTaskResultSchema = z.strictObject({
  resultType: z.literal("task"),
  _meta: MetaSchema,
  ...task,
  status: z.literal("working"),
});

const TaskResultSchema = z.strictObject({
  resultType: z.literal("complete"),
  content: ContentSchema,
  structuredContent: z.record(z.string(), z.json()).optional(),
  isError: z.boolean(),
});
/** `failed` is never sent: it is for errors of the protocol, and a run has none. */
export const GetTaskResultSchema = z.discriminatedUnion("status", [
  z.strictObject({ ...complete, ...task, status: z.literal("working"), statusMessage: z.string().optional() }),
  z.strictObject({ ...complete, ...task, status: z.literal("input_required"), inputRequests: InputRequestsSchema }),
  z.strictObject({ ...complete, ...task, status: z.literal("completed"), result: TaskResultSchema }),
  z.strictObject({ ...complete, ...task, status: z.literal("cancelled") }),
]);
export const AcknowledgedSchema = z.strictObject(complete);

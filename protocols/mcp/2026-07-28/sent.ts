/** What this program sends, strict. Only tests parse them. Source: schema 2026-07-28. */
import * as z from "zod";
import {
  ContentSchema,
  ReadResourceResultSchema as ResourceSchema,
  ListResourcesResultSchema as ResourcesSchema,
  ListResourceTemplatesResultSchema as TemplatesSchema,
} from "../2025-11-25/sent.ts";

const MetaSchema = z.strictObject({
  "io.modelcontextprotocol/serverInfo": z.strictObject({ name: z.string(), title: z.string(), version: z.string() }),
});
const complete = { resultType: z.literal("complete"), _meta: MetaSchema };
const cacheable = { ...complete, ttlMs: z.int().min(0), cacheScope: z.enum(["public", "private"]) };

export const DiscoverResultSchema = z.strictObject({
  ...cacheable,
  supportedVersions: z.array(z.string()),
  capabilities: z.strictObject({ tools: z.strictObject({}), resources: z.strictObject({}) }),
  instructions: z.string(),
});

export const ListToolsResultSchema = z.strictObject({
  ...cacheable,
  tools: z.array(z.looseObject({ name: z.string() })),
});

export const CallToolResultSchema = z.strictObject({
  ...complete,
  content: ContentSchema,
  structuredContent: z.looseObject({}).optional(),
  isError: z.boolean(),
});

export const ListResourcesResultSchema = z.strictObject({ ...cacheable, ...ResourcesSchema.shape });
export const ListResourceTemplatesResultSchema = z.strictObject({ ...cacheable, ...TemplatesSchema.shape });
export const ReadResourceResultSchema = z.strictObject({ ...cacheable, ...ResourceSchema.shape });

/** One yes or no, without a default: some clients fill defaults in. */
const FormSchema = z.strictObject({
  type: z.literal("object"),
  properties: z.strictObject({
    approve: z.strictObject({ type: z.literal("boolean"), title: z.string(), description: z.string() }),
  }),
  required: z.tuple([z.literal("approve")]),
});

export const InputRequiredResultSchema = z.strictObject({
  resultType: z.literal("input_required"),
  _meta: MetaSchema,
  inputRequests: z.record(
    z.string(),
    z.strictObject({
      method: z.literal("elicitation/create"),
      params: z.looseObject({ mode: z.literal("form"), message: z.string(), requestedSchema: FormSchema }),
    }),
  ),
  requestState: z.string(),
});

/** What a client sends. Read loosely: clients add members, and an odd one must not cost a request. */
import * as z from "zod";

/** An object; anything else counts as an empty one. */
const lenientObject = z.looseObject({}).catch({});

export const InitializeParamsSchema = z.looseObject({
  protocolVersion: z.string(),
  capabilities: lenientObject.optional(),
});

/** A token is given back with each progress notification. */
const MetaSchema = z.looseObject({ progressToken: z.union([z.string(), z.int()]).optional() });

export const CallToolParamsSchema = z.looseObject({
  name: z.string(),
  /** A model writes them: they are judged by the tool, whose answer the model reads. */
  arguments: z.unknown().optional(),
  _meta: MetaSchema.optional().catch(undefined),
  /** Asks for a task in place of the result. */
  task: z.looseObject({ ttl: z.int().min(0).nullable().optional() }).optional(),
});

export const TaskParamsSchema = z.looseObject({ taskId: z.string(), _meta: MetaSchema.optional().catch(undefined) });

export const ReadResourceParamsSchema = z.looseObject({ uri: z.string() });

/** Lists have no second page: a cursor is not ours. */
export const ListParamsSchema = z.looseObject({ cursor: z.string().optional() });

export const ElicitResultSchema = z.looseObject({ action: z.string(), content: lenientObject.optional() });

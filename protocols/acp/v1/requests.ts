/**
 * What a client sends, and its answer to `session/request_permission`. Source: schema 1.7.0. Read leniently, as the schema
 * says: a member that is not understood takes its default, and unknown members are allowed everywhere.
 */
import * as z from "zod";

const SessionId = z.string();

export const InitializeParamsSchema = z.looseObject({
  /** A `u16`. */
  protocolVersion: z.int().min(0).max(65_535),
  clientCapabilities: z
    .looseObject({ auth: z.looseObject({ terminal: z.boolean().catch(false) }).catch({ terminal: false }) })
    .catch({ auth: { terminal: false } }),
});

export const AuthenticateParamsSchema = z.looseObject({ methodId: z.string() });

/** `cwd`, further folders and MCP servers are those of the client's machine: they are not used. */
export const NewSessionParamsSchema = z.looseObject({ cwd: z.string() });

/** Of `session/resume`, `session/close` and `session/cancel`. */
export const SessionParamsSchema = z.looseObject({ sessionId: SessionId });

export const SetConfigOptionParamsSchema = z.looseObject({
  sessionId: SessionId,
  configId: z.string(),
  value: z.union([z.string(), z.boolean()]),
});

const ResourceSchema = z.looseObject({
  uri: z.string(),
  text: z.string().optional(),
  blob: z.string().optional(),
});

const ContentBlockSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("resource_link"), name: z.string(), uri: z.string() }),
  z.looseObject({ type: z.literal("resource"), resource: ResourceSchema }),
  z.looseObject({ type: z.literal("image") }),
  z.looseObject({ type: z.literal("audio") }),
]);
export type ContentBlock = z.output<typeof ContentBlockSchema>;

export const PromptParamsSchema = z.looseObject({ sessionId: SessionId, prompt: z.array(ContentBlockSchema) });

export const PermissionResultSchema = z.looseObject({
  outcome: z.discriminatedUnion("outcome", [
    z.looseObject({ outcome: z.literal("selected"), optionId: z.string() }),
    z.looseObject({ outcome: z.literal("cancelled") }),
  ]),
});

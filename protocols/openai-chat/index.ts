/**
 * Streamed chat completions, as OpenAI-compatible endpoints speak them: the part that an answer in text needs. Every server
 * differs in some member, so each is checked by itself: one of an unexpected type is as if it were not there.
 */
import * as z from "zod";

interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

/** Us → endpoint. */
export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  stream: true;
  /** Asks for a last chunk with the token counts. Left out for endpoints that refuse it. */
  stream_options?: { include_usage: true };
}

/** Ends the stream, in place of a chunk. Some servers put blanks around it. */
export const END_OF_STREAM = "[DONE]";

/** A member that is dropped when it is not what it should be. */
const lenient = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined);

const TextSchema = lenient(z.string());
const PartSchema = z.looseObject({
  type: TextSchema,
  text: TextSchema,
  thinking: z.unknown().optional(),
  refusal: TextSchema,
});
/** Text, or parts: a list (Mistral, and servers that copy the form of requests), or one by itself. */
const ContentSchema = lenient(
  z.union([z.string(), z.array(lenient(z.union([z.string(), PartSchema]))), PartSchema.transform((part) => [part])]),
);
export type ChatContent = z.output<typeof ContentSchema>;

const DeltaSchema = z.looseObject({
  content: ContentSchema,
  refusal: TextSchema,
  /** Two spellings of the same: text of a model that thinks aloud. */
  reasoning_content: ContentSchema,
  reasoning: ContentSchema,
});
export type ChatDelta = z.output<typeof DeltaSchema>;

/** Counts arrive as floats, strings and negative numbers. */
const CountSchema = lenient(z.coerce.number().min(0).max(Number.MAX_SAFE_INTEGER).transform(Math.round));
const UsageSchema = lenient(
  z.looseObject({
    prompt_tokens: CountSchema,
    completion_tokens: CountSchema,
    input_tokens: CountSchema,
    output_tokens: CountSchema,
  }),
);

/** No two servers word an error alike: what is in it is looked through, and not described here. */
const ErrorSchema = z.unknown().optional();

const ChoiceSchema = z.looseObject({
  index: lenient(z.number()),
  delta: lenient(DeltaSchema),
  /** In place of `delta` where a server does not stream. */
  message: lenient(DeltaSchema),
  text: TextSchema,
  finish_reason: TextSchema,
  error: ErrorSchema,
});

/** Endpoint → us, one per frame, or the whole answer of one that does not stream; what went wrong is in one of the last members. */
export const ChatAnswerSchema = z.looseObject({
  choices: lenient(z.array(lenient(ChoiceSchema))),
  usage: UsageSchema,
  /** Groq. */
  x_groq: lenient(z.looseObject({ usage: UsageSchema, error: ErrorSchema })),
  error: ErrorSchema,
  errors: ErrorSchema,
  fault: ErrorSchema,
  detail: ErrorSchema,
  message: ErrorSchema,
  msg: ErrorSchema,
  object: TextSchema,
  type: TextSchema,
});
export type ChatAnswer = z.output<typeof ChatAnswerSchema>;

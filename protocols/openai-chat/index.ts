/** Streamed chat completions, as OpenAI-compatible endpoints speak them: the part that an answer in text needs. */
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
  /** Asks for a last chunk with the token counts. */
  stream_options: { include_usage: true };
}

/** Ends the stream, in place of a chunk. */
export const END_OF_STREAM = "[DONE]";

/** Endpoint → us, one per frame. Loose: every server adds members of its own. */
export const ChatChunkSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: z
          .looseObject({
            content: z.string().nullish(),
            /** Two spellings of the same: text of a model that thinks aloud. */
            reasoning_content: z.string().nullish(),
            reasoning: z.string().nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z
    .looseObject({ prompt_tokens: z.int().min(0).nullish(), completion_tokens: z.int().min(0).nullish() })
    .nullish(),
});

/** What went wrong: the body of a refusal, or a frame in the middle of a stream. */
export const ChatErrorSchema = z.looseObject({
  error: z.union([z.string(), z.looseObject({ message: z.string() })]),
});

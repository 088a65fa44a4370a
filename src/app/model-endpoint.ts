/** The model endpoint that answers in place of the embedded service's built-in agent, when one is set. */
import { ChatChunkSchema, ChatErrorSchema, type ChatRequest, END_OF_STREAM } from "#protocols/openai-chat";
import type { Config, ModelSettings } from "../config.ts";
import { type Agent, type CompleteChat, type ModelPiece, modelAgent } from "../local/index.ts";
import type { HttpStream, HttpTransport } from "../seren/index.ts";
import { createHttp, SseParser, whyUnreachable } from "../seren/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { clipCharacters } from "../support/clip.ts";
import { asFailure, ExecutionFailure } from "../support/failure.ts";
import { parseJson } from "../support/objects.ts";
import { createRedactor, type Redactor } from "../support/redact.ts";
import { Secret } from "../support/secret.ts";
import { userAgent } from "./user-agent.ts";

/** A model on this machine may have to be loaded from disk first. */
const HEAD_TIMEOUT_MS = 10 * 60_000;
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_ERROR_CHARACTERS = 400;

export interface EndpointAgent {
  agent: Agent;
  close(): Promise<void>;
}

/** Throws `invalid_input` for settings that cannot be used. */
export function endpointAgent(
  settings: ModelSettings,
  { proxyFor }: Pick<Config, "proxyFor">,
  ambient: Ambient,
): EndpointAgent {
  const { url, name, key } = settings;
  const redactor = createRedactor();
  if (key) redactor.add(key);
  const http = createHttp({
    baseUrl: url,
    apiKey: key ? () => new Secret(key) : undefined,
    userAgent: userAgent(),
    ambient,
    proxy: proxyFor(new URL(url)),
  });
  return {
    agent: modelAgent({ model: name, complete: completer(http, url, redactor) }),
    close: () => http.close(),
  };
}

function completer(http: HttpTransport, url: string, redactor: Redactor): CompleteChat {
  const refuse = (what: string, cause?: unknown) =>
    new ExecutionFailure(
      "unavailable",
      redactor.redact(clipCharacters(`the model endpoint ${url} ${what}`, MAX_ERROR_CHARACTERS)),
      { cause },
    );
  return async function* complete({ model, messages }, signal) {
    const body: ChatRequest = { model, messages, stream: true, stream_options: { include_usage: true } };
    let stream: HttpStream;
    try {
      stream = await http.openStream({
        method: "POST",
        path: "/chat/completions",
        body: JSON.stringify(body),
        headers: { accept: "text/event-stream" },
        timeoutMs: HEAD_TIMEOUT_MS,
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const why = whyUnreachable(error);
      throw refuse(
        why ? `could not be reached: ${why}` : `could not be reached${codeOf(error)}; check SEREN_BRIDGE_MODEL_URL`,
        error,
      );
    }
    if (stream.status !== 200) throw refuse(`answered HTTP ${stream.status}: ${await reasonOf(stream)}`);
    let ended = false;
    try {
      const parser = new SseParser();
      for await (const bytes of stream.body) {
        for (const { data } of parser.feed(bytes)) {
          if (data === END_OF_STREAM) return;
          const value = parseJson(data);
          const error = ChatErrorSchema.safeParse(value).data;
          if (error) throw refuse(`broke off: ${messageOf(error)}`);
          for (const piece of piecesOf(value)) {
            ended ||= piece.type === "end";
            yield piece;
          }
        }
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (asFailure(error).message.startsWith("the model endpoint")) throw error;
      throw refuse(`broke off in the middle of its answer${codeOf(error)}`, error);
    } finally {
      stream.close();
    }
    if (!ended) throw refuse("ended its answer without saying that it was complete; does it stream chat completions?");
  };
}

function* piecesOf(value: unknown): Generator<ModelPiece, void, void> {
  const { choices, usage } = ChatChunkSchema.safeParse(value).data ?? {};
  const { delta, finish_reason: reason } = choices?.[0] ?? {};
  const thinking = delta?.reasoning_content ?? delta?.reasoning;
  if (thinking) yield { type: "thinking", text: thinking };
  if (delta?.content) yield { type: "text", text: delta.content };
  if (usage) yield { type: "usage", inputTokens: usage.prompt_tokens ?? 0, outputTokens: usage.completion_tokens ?? 0 };
  if (reason) yield { type: "end", reason };
}

async function reasonOf(stream: HttpStream): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of stream.body) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > MAX_ERROR_BYTES) break;
    }
  } catch {
    // what has arrived so far has to suffice
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks));
  const error = ChatErrorSchema.safeParse(parseJson(text)).data;
  if (error) return messageOf(error);
  return /^\s*</.test(text) || text.trim() === "" ? "without saying why" : text.trim();
}

function messageOf({ error }: { error: string | { message: string } }): string {
  return typeof error === "string" ? error : error.message;
}

/** Returns the system's error code in parentheses; empty when there is none. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string") return ` (${at.code})`;
  }
  return "";
}

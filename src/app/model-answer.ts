/** What one frame of a chat completion says, or a whole answer: pieces of text, or why there is none. */
import { type ChatAnswer, ChatAnswerSchema, type ChatContent, type ChatDelta } from "#protocols/openai-chat";
import type { ModelPiece } from "../local/index.ts";
import { isObject, parseJson } from "../support/objects.ts";

/** How servers say that the answer is whole. */
const WHOLE: ReadonlySet<string> = new Set([
  "stop",
  "eos",
  "eos_token",
  "end_turn",
  "stop_sequence",
  "complete",
  "completed",
]);

/**
 * Returns the pieces in a value that is no error. What it does not know it leaves out. `hasDeltas`: pieces came before; some
 * servers close with the whole message, which would be there twice.
 */
export function* piecesOf(value: unknown, hasDeltas = false): Generator<ModelPiece, void, void> {
  const answer = read(value);
  if (!answer) return;
  const choice = choiceOf(answer);
  const said = choice?.delta ?? (hasDeltas ? undefined : choice?.message);
  yield* thoughtsOf(said);
  yield* contentOf(said?.content ?? choice?.text);
  if (said?.refusal) yield { type: "text", text: said.refusal };
  const usage = answer.usage ?? answer.x_groq?.usage;
  if (usage) {
    yield {
      type: "usage",
      inputTokens: usage.prompt_tokens ?? usage.input_tokens ?? 0,
      outputTokens: usage.completion_tokens ?? usage.output_tokens ?? 0,
    };
  }
  const reason = choice?.finish_reason?.toLowerCase();
  if (said?.refusal) yield { type: "end", reason: "refusal" };
  else if (reason) yield { type: "end", reason: WHOLE.has(reason) ? "stop" : reason };
}

/** Whether a value has a piece of the answer, and not all of it. */
export function isDelta(value: unknown): boolean {
  const { done } = contentOf(choiceOf(read(value))?.delta?.content).next();
  return done !== true;
}

/** Returns the server's words for an error; undefined for a value that is none. */
export function errorIn(value: unknown): string | undefined {
  const answer = read(Array.isArray(value) ? value[0] : value);
  if (!answer) return undefined;
  const failed = answer.choices?.find((choice) => choice?.error || choice?.finish_reason === "error");
  const isError = /^error$/i.test(answer.object ?? "") || answer.type === "error";
  const { choices, error, errors, fault, x_groq, detail, message, msg } = answer;
  const named = [error, errors, x_groq?.error, failed?.error, fault].map(problemIn);
  // FastAPI, and so vLLM and many gateways; and servers that send nothing but a message.
  const bare = [...(choices?.length ? [] : [detail]), ...(choices == null || isError ? [message, msg] : [])].map(
    (words) => wordsIn(words),
  );
  const words = [...named, ...bare].find(Boolean);
  return words ?? (isError || failed?.finish_reason === "error" ? "an error without a message" : undefined);
}

/** Whether a value can be part of a chat completion, also where it says nothing. */
export function isChat(value: unknown): boolean {
  const answer = read(value);
  return answer !== undefined && (answer.choices != null || answer.usage != null || /^chat/.test(answer.object ?? ""));
}

/** Some servers have no index, and some put another choice first. */
function choiceOf(answer: ChatAnswer | undefined) {
  return answer?.choices?.find((one) => one && (one.index ?? 0) === 0);
}

function read(value: unknown): ChatAnswer | undefined {
  return ChatAnswerSchema.safeParse(value).data;
}

function problemIn(value: unknown): string | undefined {
  if (typeof value === "number") return `code ${value}`;
  const words = wordsIn(value);
  if (words || !isObject(value)) return words;
  return value.code == null ? wordsIn(value.type) : `code ${value.code}`;
}

/** Members that hold the words of an error, or another such member. The most telling first. */
const WORDS_IN = ["message", "msg", "detail", "error", "errors", "faultstring", "metadata", "raw"];
const MAX_DEPTH = 5;

function wordsIn(value: unknown, depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (typeof value === "string") {
    const text = value.trim();
    // Gateways pass on the answer of a provider as it is.
    return (/^[{[]/.test(text) ? wordsIn(parseJson(text), depth + 1) : undefined) ?? (text || undefined);
  }
  const inside = Array.isArray(value) ? value.slice(0, 10) : isObject(value) ? WORDS_IN.map((name) => value[name]) : [];
  for (const one of inside) {
    const words = wordsIn(one, depth + 1);
    if (words) return words;
  }
  return undefined;
}

function* thoughtsOf(said: ChatDelta | null | undefined): Generator<ModelPiece, void, void> {
  const thoughts = said?.reasoning_content || said?.reasoning;
  for (const { text } of contentOf(thoughts)) yield { type: "thinking", text };
}

function* contentOf(content: ChatContent): Generator<{ type: "text" | "thinking"; text: string }, void, void> {
  for (const part of typeof content === "string" ? [content] : (content ?? [])) {
    if (typeof part === "string") {
      if (part !== "") yield { type: "text", text: part };
      continue;
    }
    const isThought = part?.thinking != null || /^(thinking|reasoning)/.test(part?.type ?? "");
    const text = isThought ? plainText(part?.thinking) || part?.text : (part?.text ?? part?.refusal);
    if (text) yield { type: isThought ? "thinking" : "text", text };
  }
}

/** Mistral has a list of parts inside a part. */
function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  return value
    .map((one: unknown) => (one !== null && typeof one === "object" && "text" in one ? String(one.text) : ""))
    .join("");
}

/** An agent that answers from a language model. Instructions are the system prompt, earlier turns the conversation. */
import { ExecutionFailure } from "../../support/failure.ts";
import type { Agent, AgentContext } from "../model/agent-context.ts";
import { RUN_OVER } from "../model/run.ts";

export interface ModelMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export type ModelPiece =
  | { type: "text" | "thinking"; text: string }
  | { type: "usage"; inputTokens: number; outputTokens: number }
  /** `reason` is the endpoint's finish reason, normally `stop`. */
  | { type: "end"; reason: string };

/** Throws an `ExecutionFailure` whose message can be shown as a run's status. Aborting the signal ends the request. */
export type CompleteChat = (
  request: { model: string; messages: ModelMessage[] },
  signal: AbortSignal,
) => AsyncIterable<ModelPiece>;

export interface ModelAgentOptions {
  /** The model to ask for. Default: the one that the deployment names. */
  model?: string | undefined;
  complete: CompleteChat;
}

/** Most text of earlier turns that is sent; the oldest turns are left out first. */
const MAX_HISTORY_CHARACTERS = 200_000;
const MAX_ANSWER_CHARACTERS = 16 * 1024 * 1024;

export function modelAgent({ model, complete }: ModelAgentOptions): Agent {
  return async (context) => {
    const name = model ?? context.modelId;
    if (!name) return fail(context, "no model is named; set SEREN_BRIDGE_MODEL");
    // The endpoint's prices are unknown here, and the figures that the service computes would be invented.
    context.usage({ compute_usd: "0", inference_usd: "0" });
    let reason = "stop";
    let room = MAX_ANSWER_CHARACTERS;
    try {
      for await (const piece of complete({ model: name, messages: messagesOf(context) }, context.signal)) {
        if (piece.type === "end") reason = piece.reason;
        else if (piece.type === "usage") {
          context.usage({ input_tokens: piece.inputTokens, output_tokens: piece.outputTokens });
        } else {
          room -= piece.text.length;
          if (room < 0) return fail(context, "the model's answer is longer than 16 MiB of text");
          const text = piece.text.toWellFormed();
          if (piece.type === "text") context.text(text);
          else context.emit({ type: "thinking", text, duration_ms: 0 });
        }
      }
    } catch (error) {
      if (context.signal.aborted) throw RUN_OVER;
      if (!(error instanceof ExecutionFailure)) throw error;
      return fail(context, error.message);
    }
    if (reason !== "stop") context.status("completed", undefined, reason);
  };
}

function fail(context: AgentContext, message: string): void {
  context.status("failed", message, "model_error");
}

function messagesOf(context: AgentContext): ModelMessage[] {
  const system = context.instructionTexts.join("\n\n");
  return [
    ...(system ? [{ role: "system" as const, content: system }] : []),
    ...historyOf(context),
    { role: "user", content: promptOf(context) },
  ];
}

function historyOf(context: AgentContext): ModelMessage[] {
  const messages: ModelMessage[] = [];
  let room = MAX_HISTORY_CHARACTERS;
  for (const { question, answer } of context.history().toReversed()) {
    room -= question.length + answer.length;
    if (room < 0) break;
    messages.unshift({ role: "user", content: question }, { role: "assistant", content: answer });
  }
  return messages;
}

/** A heartbeat may have no message: then the name of its operation is the prompt. */
function promptOf({ message, payload }: Pick<AgentContext, "message" | "payload">): string {
  const prompt = message ?? (typeof payload.operation === "string" ? payload.operation : "Begin.");
  return payload.inputs === undefined ? prompt : `${prompt}\n\nInputs:\n${JSON.stringify(payload.inputs)}`;
}

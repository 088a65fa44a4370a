/** An agent that lets a language model answer: instructions become the system prompt, earlier turns the conversation. */
import { ExecutionFailure } from "../../support/failure.ts";
import { RUN_OVER } from "../model/run.ts";
import type { Agent, AgentContext } from "../model/agent-context.ts";

export interface ModelMessage {
  role: "system" | "user" | "assistant";
  content: string;
}

export type ModelPiece =
  | { type: "text" | "thinking"; text: string }
  | { type: "usage"; inputTokens: number; outputTokens: number }
  /** `reason` is the endpoint's word, normally `stop`. */
  | { type: "end"; reason: string };

/** Rejects with an `ExecutionFailure` whose message is fit for a run's status. Aborting ends the exchange. */
export type CompleteChat = (
  request: { model: string; messages: ModelMessage[] },
  signal: AbortSignal,
) => AsyncIterable<ModelPiece>;

export interface ModelAgentOptions {
  /** Asked for instead of the model a deployment names. */
  model?: string | undefined;
  complete: CompleteChat;
}

/** Most text of earlier turns that is sent along; the oldest turns are left out first. */
const MAX_HISTORY_CHARACTERS = 200_000;
const MAX_ANSWER_CHARACTERS = 16 * 1024 * 1024;

export function modelAgent({ model, complete }: ModelAgentOptions): Agent {
  return async (stage) => {
    const name = model ?? stage.modelId;
    if (!name) return fail(stage, "nothing says which model is to answer; set SEREN_BRIDGE_MODEL");
    // What the endpoint charges is unknown here; the computed figures of the built-in agent would be made up.
    stage.usage({ compute_usd: "0", inference_usd: "0" });
    let reason = "stop";
    let room = MAX_ANSWER_CHARACTERS;
    try {
      for await (const piece of complete({ model: name, messages: messagesOf(stage) }, stage.signal)) {
        if (piece.type === "end") reason = piece.reason;
        else if (piece.type === "usage") {
          stage.usage({ input_tokens: piece.inputTokens, output_tokens: piece.outputTokens });
        } else {
          room -= piece.text.length;
          if (room < 0) return fail(stage, "the model's answer is longer than 16 MiB of text");
          const text = piece.text.toWellFormed();
          if (piece.type === "text") stage.text(text);
          else stage.emit({ type: "thinking", text, duration_ms: 0 });
        }
      }
    } catch (error) {
      if (stage.signal.aborted) throw RUN_OVER;
      if (!(error instanceof ExecutionFailure)) throw error;
      return fail(stage, error.message);
    }
    if (reason !== "stop") stage.status("completed", undefined, reason);
  };
}

function fail(stage: AgentContext, message: string): void {
  stage.status("failed", message, "model_error");
}

function messagesOf(stage: AgentContext): ModelMessage[] {
  const system = stage.instructionTexts.join("\n\n");
  return [
    ...(system ? [{ role: "system" as const, content: system }] : []),
    ...historyOf(stage),
    { role: "user", content: wordsOf(stage) },
  ];
}

function historyOf(stage: AgentContext): ModelMessage[] {
  const messages: ModelMessage[] = [];
  let room = MAX_HISTORY_CHARACTERS;
  for (const { asked, answered } of stage.earlier().toReversed()) {
    room -= asked.length + answered.length;
    if (room < 0) break;
    messages.unshift({ role: "user", content: asked }, { role: "assistant", content: answered });
  }
  return messages;
}

/** A heartbeat may come without a message: then its kind is all there is to say. */
function wordsOf({ message, payload }: Pick<AgentContext, "message" | "payload">): string {
  const words = message ?? (typeof payload.operation === "string" ? payload.operation : "Begin.");
  return payload.inputs === undefined ? words : `${words}\n\nInputs:\n${JSON.stringify(payload.inputs)}`;
}

/** The run that a call of `seren_dispatch` asks for. */
import type { RunRequest, Target } from "../core/index.ts";

interface Dispatch {
  prompt: string;
  conversation?: string | undefined;
  inputs?: unknown;
}

/** A run that waits for a person goes on waiting: the model is told of it. */
export function dispatchRequest({ prompt, conversation, inputs }: Dispatch, target: Target): RunRequest {
  return {
    target,
    message: prompt,
    onApproval: "wait",
    ...(conversation === undefined ? {} : { conversationId: conversation }),
    ...(inputs ? { inputs } : {}),
  };
}

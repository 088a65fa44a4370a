/** Sentences that the tools of every host say. */

export const CANCEL_UNDER_WAY =
  "the cancel is under way and needs nothing more from you; seren_run_status says when the run has stopped";
export const ENDED_ALREADY = "the run has ended already; seren_run_status has its result";
export const NO_ID_YET = "the run has no id yet; ask again in a few seconds";
export const NOT_YOURS = "Tell the user; the decision is theirs, not yours.";

const MAX_SHOWN_ID = 100;

/** Returns the call that looks at a run. */
export function lookCall(args: { run_id: string; cursor?: number; wait_seconds?: number }): string {
  return `seren_run_status ${JSON.stringify(args)}`;
}

export function notOver(call: string): string {
  return `Not over. Do other work, then look again: ${call}`;
}

/** Returns the id of the conversation that a run belongs to, where it is known and short enough to be copied. */
export function conversationOf(run: { conversationId?: string } | undefined): string | undefined {
  const id = run?.conversationId;
  return id !== undefined && id.length <= MAX_SHOWN_ID ? id : undefined;
}

/** Says how to give the agent of an ended run its next task. */
export function goOn(conversation: string): string {
  return `To go on with this agent, which remembers what was said: seren_dispatch ${JSON.stringify({ conversation, prompt: "…" })}`;
}

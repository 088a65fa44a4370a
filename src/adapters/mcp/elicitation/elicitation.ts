/**
 * Approvals in the words of this protocol: a form with one boolean and no default. Clients are known to decline without
 * showing anything, to accept forms without properties by themselves, and to fill in defaults
 * (`docs/reference/mcp-server.md`, section 6), so nothing but an accepted form with an explicit yes or no counts.
 */
import { ElicitResultSchema, META_PREFIX, RELATED_TASK_META } from "#protocols/mcp";
import type { ApprovalQuestion } from "../../../core/index.ts";
import { isObject } from "../../../support/objects.ts";
import type { Redactor } from "../../../support/redact.ts";
import { JITLESS } from "../../../support/zod.ts";
import type { Call } from "../calls/call.ts";

/** Clients may cut what is longer, and what is approved must be seen whole. */
const MAX_MESSAGE_CHARS = 2_000;

const FORM = {
  type: "object",
  properties: {
    approve: {
      type: "boolean",
      title: "Approve",
      description: "Yes lets the run do this. No refuses it.",
    },
  },
  required: ["approve"],
};

export interface Elicitation {
  message: string;
  requestedSchema: typeof FORM;
}

/** Returns undefined for a question that a client might not show as it is. */
export function elicitationOf(
  { checkpoint, text, isPlain }: ApprovalQuestion,
  redactor: Redactor,
): Elicitation | undefined {
  const { requests, run } = checkpoint;
  const what = requests.length === 1 ? "this" : `all ${requests.length} of these`;
  const message = `The run ${run.runId} on Seren Cloud waits for your approval to do ${what}:\n\n${text}`;
  const isShownWhole = isPlain && message.length <= MAX_MESSAGE_CHARS && redactor.redact(message) === message;
  return isShownWhole ? { message, requestedSchema: FORM } : undefined;
}

/** Returns the person's decision; undefined for everything that is not a clear one. */
export function decisionOf(answer: unknown): "approve" | "reject" | undefined {
  const parsed = ElicitResultSchema.safeParse(answer, JITLESS);
  if (!parsed.success || parsed.data.action !== "accept") return undefined;
  const approve = parsed.data.content?.approve;
  if (typeof approve !== "boolean") return undefined;
  return approve ? "approve" : "reject";
}

/** Returns the members of the call's `_meta` that a client needs back to tell which call asks: its own, not the protocol's. */
export function carriedMeta({ meta, taskId }: Pick<Call, "meta" | "taskId">): { _meta?: object } {
  const own = Object.entries(isObject(meta) ? meta : {}).filter(
    ([name]) => name !== "progressToken" && !name.startsWith(META_PREFIX),
  );
  if (taskId !== undefined) own.push([RELATED_TASK_META, { taskId }]);
  return own.length > 0 ? { _meta: Object.fromEntries(own) } : {};
}

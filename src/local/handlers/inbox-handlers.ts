/** The approval inbox: open approvals of all runs, and decisions about them. A decision here lets no run go on. */
import { badRequest, conflict, notFound } from "../http/api-error.ts";
import { readBody } from "../http/body.ts";
import { dataReply } from "../http/exchange.ts";
import type { PendingApproval, Run } from "../model/run.ts";
import { InboxDecisionBodySchema } from "./body-schemas.ts";
import { type Handler, pathValue } from "./context.ts";

const CURSOR_VALID_MS = 24 * 60 * 60 * 1000;

/** `ApprovalInboxListResponse`, newest run first. */
export const listInbox: Handler = ({ runs, ambient }, { query }) => {
  const now = ambient.now();
  const limit = query.integer("limit", { fallback: 50, min: 1, max: 100 });
  const offset = readCursor(query.text("cursor"), now);
  const entries = runs
    .list({ statuses: ["awaiting_approval"] })
    .flatMap((run) =>
      run.pending.filter(({ id }) => !run.inboxDecisions.has(id)).map((approval) => entryOf(run, approval)),
    );
  const page = entries.slice(offset, offset + limit);
  const end = offset + page.length;
  const more = end < entries.length;
  return dataReply(200, { entries: page, ...(more ? { next_cursor: cursorOf(now, end) } : {}) });
};

/** Records a decision. Throws an `ApiError`: 404 for an unknown entry, 409 for one that is no longer pending. */
export const decideInbox: Handler = ({ runs }, request) => {
  const { decision } = readBody(request, InboxDecisionBodySchema);
  const entryId = pathValue(request, "entry_id");
  const [, runId, approvalId] = /^tool:([0-9a-f-]{36}):(.+)$/.exec(entryId) ?? [];
  if (runId === undefined || approvalId === undefined) throw notFound("Inbox entry");
  const run = runs.find(runId);
  if (run === undefined) throw notFound("Run");
  const pending = run.pending.some((approval) => approval.id === approvalId);
  if (!pending || run.inboxDecisions.has(approvalId)) throw conflict("The entry is no longer pending");
  const state = decision === "approve" ? "approved" : "denied";
  run.inboxDecisions.set(approvalId, state);
  return dataReply(200, { entry_id: entryId, decision_state: state });
};

function entryOf(run: Run, approval: PendingApproval): object {
  return {
    entry_id: `tool:${run.id}:${approval.id}`,
    kind: "tool_call",
    deployment_id: run.deployment.id,
    run_id: run.id,
    created_at: new Date(run.current.at).toISOString(),
    expires_at: null,
    decision_state: "pending",
    tool_call_id: approval.id,
    tool_ref: approval.tool,
    function_call_id: approval.function_call_id,
    reason: approval.reason,
    request_payload_summary: approval.args,
  };
}

/** A cursor holds when it was issued and the offset it stands for. */
const cursorOf = (now: number, offset: number) => Buffer.from(`${now}:${offset}`).toString("base64url");

function readCursor(cursor: string | undefined, now: number): number {
  if (cursor === undefined) return 0;
  const [, issued, offset] = /^(\d{1,15}):(\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString("utf8")) ?? [];
  if (issued === undefined || offset === undefined) throw badRequest("cursor: malformed");
  if (now - Number(issued) > CURSOR_VALID_MS) throw badRequest("cursor: expired");
  return Number(offset);
}

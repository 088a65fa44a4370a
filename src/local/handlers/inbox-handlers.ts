/** The approval inbox: open tool-call approvals of all runs, and decisions put on record. A decision here resumes nothing. */
import type * as z from "zod";
import { badRequest, conflict, notFound } from "../http/api-error.ts";
import type { Query } from "../http/query.ts";
import type { PendingApproval, Run } from "../model/run.ts";
import type { InboxDecisionBodySchema } from "./body-schemas.ts";

const CURSOR_VALID_MS = 24 * 60 * 60 * 1000;

const entryIdOf = (run: Run, approval: PendingApproval) => `tool:${run.id}:${approval.id}`;

/** `ApprovalInboxListResponse` over `runs`, the ones that await approval, newest first. */
export function listInbox(runs: readonly Run[], query: Query, now: number): object {
  const limit = query.integer("limit", 50, 1, 100);
  const offset = readCursor(query.text("cursor"), now);
  const entries = runs.flatMap((run) =>
    run.pending
      .filter((approval) => !run.inboxDecisions.has(approval.id))
      .map((approval) => ({
        entry_id: entryIdOf(run, approval),
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
      })),
  );
  const page = entries.slice(offset, offset + limit);
  const end = offset + page.length;
  const more = end < entries.length;
  return { entries: page, ...(more ? { next_cursor: Buffer.from(`${now}:${end}`).toString("base64url") } : {}) };
}

/** Puts a decision on record. Throws 404 for an unknown entry and 409 for one that is no longer pending. */
export function decideInInbox(
  entryId: string,
  body: z.output<typeof InboxDecisionBodySchema>,
  find: (runId: string) => Run | undefined,
): object {
  const [, runId, approvalId] = /^tool:([0-9a-f-]{36}):(.+)$/.exec(entryId) ?? [];
  const run = runId === undefined ? undefined : find(runId);
  if (run === undefined || approvalId === undefined) throw notFound("Inbox entry");
  const pending = run.pending.some((approval) => approval.id === approvalId);
  if (!pending || run.inboxDecisions.has(approvalId)) throw conflict("The entry is no longer pending");
  const state = body.decision === "approve" ? "approved" : "denied";
  run.inboxDecisions.set(approvalId, state);
  return { entry_id: entryId, decision_state: state };
}

function readCursor(cursor: string | undefined, now: number): number {
  if (cursor === undefined) return 0;
  const [, issued, offset] = /^(\d{1,15}):(\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString("utf8")) ?? [];
  if (issued === undefined || offset === undefined) throw badRequest("cursor: malformed");
  if (now - Number(issued) > CURSOR_VALID_MS) throw badRequest("cursor: expired");
  return Number(offset);
}

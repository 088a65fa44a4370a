/**
 * The approval inbox: what waits for a person in all runs, and decisions about it. A decision about a tool call is only
 * recorded; the run goes on with a resume. A decision about a held request lets the run go on.
 */
import { ApiError, badRequest, conflict, notFound } from "../http/api-error.ts";
import { readBody } from "../http/body.ts";
import { dataReply, type LocalReply } from "../http/exchange.ts";
import type { HeldRequest } from "../model/held-request.ts";
import type { Run } from "../model/run.ts";
import type { PendingApproval } from "../model/run-data.ts";
import { InboxDecisionBodySchema, type Lease, LeaseDecisionBodySchema } from "./body-schemas.ts";
import { type Handler, pathValue, type ServiceContext } from "./context.ts";

const CURSOR_VALID_MS = 24 * 60 * 60 * 1000;
/** Uses that an offered lease allows. */
const USE_BUDGET = 10;

interface Entry {
  created_at: string;
  [member: string]: unknown;
}

/** `ApprovalInboxListResponse`, newest entry first. */
export const listInbox: Handler = (service, { query }) => {
  const { runs, ambient } = service;
  const now = ambient.now();
  const limit = query.integer("limit", { fallback: 50, min: 1, max: 100 });
  const offset = readCursor(query.text("cursor"), now);
  const entries = runs
    .list({})
    .flatMap((run) => entriesOf(service, run))
    .sort((a, b) => (a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0));
  const page = entries.slice(offset, offset + limit);
  const end = offset + page.length;
  const more = end < entries.length;
  return dataReply(200, { entries: page, ...(more ? { next_cursor: cursorOf(now, end) } : {}) });
};

/**
 * Records a decision. Throws an `ApiError`: 404 for an unknown entry, 409 for a tool call that is no longer pending,
 * 501 for blocked egress where the service cannot decide it. A held request that was decided keeps its decision.
 */
export const decideInbox: Handler = (service, request) => {
  const { runs, inbox } = service;
  const body = readBody(request, inbox.leases ? LeaseDecisionBodySchema : InboxDecisionBodySchema);
  const approved = body.decision !== "deny";
  const entryId = pathValue(request, "entry_id");
  const held = runs.findHeld(entryId);
  const reply = held ? decideHeld(service, held, approved) : decideToolCall(service, entryId, approved);
  if (body.decision === "allow_always") service.leasesGranted.push(body.lease);
  return reply;
};

function decideHeld({ inbox }: ServiceContext, request: HeldRequest, approved: boolean): LocalReply {
  if (request.details.kind === "blocked_egress" && inbox.blockedEgress === "listed") {
    throw new ApiError(501, "NotImplemented", "Decisions about blocked egress are not available yet");
  }
  request.decide(approved);
  return dataReply(200, { entry_id: request.entryId, decision_state: request.state });
}

function decideToolCall({ runs }: ServiceContext, entryId: string, approved: boolean): LocalReply {
  const [, runId, approvalId] = /^tool:([0-9a-f-]{36}):(.+)$/.exec(entryId) ?? [];
  if (runId === undefined || approvalId === undefined) throw notFound("Inbox entry");
  const run = runs.find(runId);
  if (run === undefined) throw notFound("Run");
  const pending = run.pending.some((approval) => approval.id === approvalId);
  if (!pending || run.inboxDecisions.has(approvalId)) throw conflict("The entry is no longer pending");
  const state = approved ? "approved" : "denied";
  run.inboxDecisions.set(approvalId, state);
  return dataReply(200, { entry_id: entryId, decision_state: state });
}

/** Returns the entries of a run that are pending. */
function entriesOf({ inbox }: ServiceContext, run: Run): Entry[] {
  const offer = (action: string, capability: string): { lease?: Lease } =>
    inbox.leases ? { lease: { action, capability, use_budget: USE_BUDGET } } : {};
  const calls = run.status === "awaiting_approval" ? run.pending.filter(({ id }) => !run.inboxDecisions.has(id)) : [];
  return [
    ...calls.map((call) => ({ ...toolCallEntry(run, call), ...offer("tool_call", call.tool) })),
    ...run.held
      .filter(({ state }) => state === "pending")
      .map((request) => {
        const { details } = request;
        const lease = details.kind === "blocked_egress" ? offer("egress", `${details.host}:${details.port}`) : {};
        return { ...heldEntry(run, request), ...lease };
      }),
  ];
}

function toolCallEntry(run: Run, approval: PendingApproval): Entry {
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

function heldEntry(run: Run, { entryId, createdAt, state, details }: HeldRequest): Entry {
  return {
    entry_id: entryId,
    deployment_id: run.deployment.id,
    run_id: run.id,
    created_at: new Date(createdAt).toISOString(),
    expires_at: null,
    decision_state: state,
    ...details,
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

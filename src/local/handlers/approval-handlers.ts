/** Operations on approvals: what waits for a person, and decisions that let a run go on. */
import { badRequest, conflict } from "../http/api-error.ts";
import { check, readJson } from "../http/body.ts";
import { dataReply, exactReply } from "../http/exchange.ts";
import { paginate } from "../http/query.ts";
import { pendingRunOf, recordOf } from "../model/run-views.ts";
import { DecisionsSchema, ResumeBodySchema } from "./body-schemas.ts";
import { type Handler, needRun, scopeOf } from "./context.ts";
import { readRunFilter } from "./run-filters.ts";

export const listWaitingRuns: Handler = (service, request) => {
  const { query } = request;
  const runs = service.runs.list({
    deploymentId: scopeOf(service, request),
    ...readRunFilter(query),
    statuses: ["awaiting_approval"],
  });
  const { page, pagination } = paginate(runs, query, { defaultLimit: 50, maxLimit: 100 });
  return exactReply(200, page.map(pendingRunOf), pagination);
};

/**
 * Lets a run go on in place: one that was interrupted, or one that waits, with decisions. Creating a run with
 * `resume_checkpoint_id` is the other way to decide.
 */
export const resumeRun: Handler = (service, request) => {
  const run = needRun(service, request);
  const body = check(ResumeBodySchema, readJson(request) ?? null);
  const checkpoint = body?.resume_checkpoint_id;
  if (checkpoint == null && service.deployments.has(run.deployment.id) && service.runs.takeUp(run)) {
    return dataReply(200, recordOf(run));
  }
  if (typeof checkpoint === "string") service.decisions.refuseUnlessNew(checkpoint, "resume");
  if (run.status !== "awaiting_approval") throw conflict("The run does not require resume");
  if (typeof checkpoint !== "string" || checkpoint.trim() === "") throw badRequest("resume_checkpoint_id is required");
  const decisions = check(DecisionsSchema, body?.approval_decisions ?? []);
  run.resume(service.decisions.take(run, checkpoint, decisions));
  return dataReply(200, recordOf(run));
};

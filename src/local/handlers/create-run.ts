/** Creates a run, or lets one that waits for decisions go on: the same endpoint does both. */
import { isObject } from "../../support/objects.ts";
import { ruleOf } from "../faults/faults.ts";
import { ApiError, badRequest, starting } from "../http/api-error.ts";
import { check, readJson } from "../http/body.ts";
import { dataReply, type LocalReply } from "../http/exchange.ts";
import { type Deployment, statusOf } from "../model/deployments.ts";
import type { Run } from "../model/run.ts";
import { CreateRunBodySchema } from "./body-schemas.ts";
import { type Handler, needDeployment, type RequestContext, type ServiceContext } from "./context.ts";

export const createRun: Handler = async (service, request) => {
  const deployment = needDeployment(service, request);
  const raw = readJson(request) ?? null;
  const body = check(CreateRunBodySchema, raw);
  refuseUnlessReady(service, request, deployment);
  if (body?.resume_checkpoint_id != null) {
    const checkpoint = body.resume_checkpoint_id;
    service.decisions.refuseUnlessNew(checkpoint, "create_run");
    const run = service.runs.findWaiting(checkpoint, deployment);
    if (run === undefined) {
      throw badRequest("resume_checkpoint_id: no run of this deployment waits at this checkpoint");
    }
    const decisions = service.decisions.take(run, checkpoint, body.approval_decisions ?? []);
    return dataReply(202, invocationOf(service.runs.continueRun(run, decisions)));
  }
  if (body?.approval_decisions != null) throw badRequest("approval_decisions need a resume_checkpoint_id");
  const payload = isObject(raw) ? raw : {};
  const refused = refuseBusy(service, request, deployment, payload);
  if (refused) return dataReply(202, invocationOf(refused));
  const inline = deployment.body.mode === "always_on" && body?.async !== true;
  const holes = ruleOf(request.rules, "holes");
  const run = service.runs.start(deployment, payload, {
    skip: holes && (() => Math.floor(service.faults.random() * (holes.most + 1))),
    interruptAfter: ruleOf(request.rules, "interrupt")?.events,
    tracked: !inline || service.inlineRuns === "tracked",
  });
  return inline ? runInline(service, request, run) : dataReply(202, invocationOf(run));
};

function refuseUnlessReady({ ambient }: ServiceContext, { rules }: RequestContext, deployment: Deployment): void {
  const now = ambient.now();
  const rule = ruleOf(rules, "starting");
  if (rule !== undefined && now < deployment.createdAt + rule.ms) throw starting();
  const status = statusOf(deployment, now);
  if (status === "pending" || status === "building") throw starting();
  if (status === "stopped") throw badRequest("Deployment is stopped. Start it before running it");
  if (status === "failed") throw badRequest("Deployment failed to build and cannot run");
}

/**
 * Returns the failed run that stands for a turn of a busy conversation. Throws an `ApiError` (409) where the fault rule
 * refuses the turn; returns `undefined` where no rule applies or the conversation is free.
 */
function refuseBusy(
  { runs }: ServiceContext,
  { rules }: RequestContext,
  deployment: Deployment,
  payload: Readonly<Record<string, unknown>>,
): Run | undefined {
  const rule = ruleOf(rules, "busy");
  const active = rule && runs.activeTurn(deployment, payload);
  if (active === undefined) return undefined;
  const waits = active.status === "awaiting_approval";
  const code = waits ? "conversation_awaiting_approval" : "conversation_busy";
  const message = waits ? "a run of this conversation awaits approval" : "a run of this conversation is in progress";
  if (rule?.form === "refusal") throw new ApiError(409, code, message);
  return runs.startRefused(deployment, payload, {
    event_type: "error",
    kind: "error",
    type: "error",
    code,
    cause: "session",
    retryable: !waits,
    message,
  });
}

/** `CloudDeploymentRunInvocationResponse` of a run that goes on after the response. */
function invocationOf(run: Run): object {
  const ids = { status: run.status, run_id: run.id, execution_id: run.executionId };
  return run.deployment.body.mode === "always_on" ? ids : { ...ids, job_name: `job-${run.id.slice(0, 8)}` };
}

/** Responds when the run has ended or waits for a person, or when the caller is gone. */
async function runInline(service: ServiceContext, { signal }: RequestContext, run: Run): Promise<LocalReply> {
  while (!run.over && run.status !== "awaiting_approval" && !signal?.aborted) await changed(run, signal);
  const text = run.log.text();
  return dataReply(200, {
    status: run.status,
    ...(service.inlineRuns === "tracked" ? { run_id: run.id } : {}),
    execution_id: run.executionId,
    execution_time_ms: run.now() - (run.startedAt ?? run.createdAt),
    result: run.status === "completed" ? { text: run.output ?? text } : { text, error: run.current.message ?? null },
  });
}

/** Resolves at the next change of the run, or when the signal is aborted. */
function changed(run: Run, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      unsubscribe();
      signal?.removeEventListener("abort", settle);
      resolve();
    };
    const unsubscribe = run.log.onceChanged(settle);
    signal?.addEventListener("abort", settle, { once: true });
  });
}

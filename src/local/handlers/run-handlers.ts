/** Operations on runs: creating, reading, following, cancelling, resuming, deciding. */

import { isObject } from "../../support/objects.ts";
import { ruleOf } from "../faults/faults.ts";
import { StreamFaults } from "../faults/stream-faults.ts";
import { ApiError, badRequest, conflict, notFound, starting } from "../http/api-error.ts";
import { check, readBody, readJson } from "../http/body.ts";
import { dataReply, headerOf, type LocalReply } from "../http/exchange.ts";
import { PAGE_PARAMETERS, paginate, Query } from "../http/query.ts";
import type { Operation } from "./routes.ts";
import { type Deployment, statusOf } from "../model/deployments.ts";
import { decideInInbox, listInbox } from "./inbox-handlers.ts";
import type { Run } from "../model/run.ts";
import {
  CreateRunBodySchema,
  type Decision,
  DecisionsSchema,
  InboxDecisionBodySchema,
  ResumeBodySchema,
} from "./body-schemas.ts";
import { COMMON_FILTERS, RUN_FILTERS, statusesOf } from "../model/run-store.ts";
import {
  artifactsOf,
  liveStateOf,
  NO_LAG,
  pendingApprovalsView,
  pendingRunOf,
  recordOf,
  textOf,
} from "../model/run-views.ts";
import { type Handler, needDeployment, type RequestContext, type ServiceContext, scopeOf } from "./context.ts";
import { SseBody } from "./sse-body.ts";

const createRun: Handler = async (premises, call) => {
  const deployment = needDeployment(premises, call.route.deploymentId);
  const raw = readJson(call.request) ?? null;
  const body = check(CreateRunBodySchema, raw);
  refuseUnlessReady(premises, deployment, call);
  if (body?.resume_checkpoint_id != null) {
    const run = premises.runs.waitingAt(body.resume_checkpoint_id, deployment);
    const next = premises.runs.decide(run, body.resume_checkpoint_id, body.approval_decisions ?? [], false);
    return dataReply(202, invocationOf(next));
  }
  if (body?.approval_decisions != null) throw badRequest("approval_decisions need a resume_checkpoint_id");
  const inline = deployment.body.mode === "always_on" && body?.async !== true;
  const holes = ruleOf(call.rules, "holes");
  const run = premises.runs.start(deployment, isObject(raw) ? raw : {}, {
    skip: holes && (() => Math.floor(premises.random() * (holes.most + 1))),
    tracked: !inline || premises.inlineRuns === "tracked",
  });
  return inline ? runInline(premises, run, call.signal) : dataReply(202, invocationOf(run));
};

function refuseUnlessReady({ ambient }: ServiceContext, deployment: Deployment, { rules }: RequestContext): void {
  const now = ambient.now();
  const late = ruleOf(rules, "starting");
  if (late !== undefined && now < deployment.createdAt + late.ms) throw starting();
  const status = statusOf(deployment, now);
  if (status === "pending" || status === "building") throw starting();
  if (status === "stopped") throw badRequest("Deployment is stopped. Start it before running it");
  if (status === "failed") throw badRequest("Deployment failed to build and cannot run");
}

/** `CloudDeploymentRunInvocationResponse` of a run that goes on. */
function invocationOf(run: Run): object {
  const known = { status: run.status, run_id: run.id, execution_id: run.executionId };
  return run.deployment.body.mode === "always_on" ? known : { ...known, job_name: `job-${run.id.slice(0, 8)}` };
}

/** Waits until the run has ended or a person has to decide. */
async function runInline(premises: ServiceContext, run: Run, signal: AbortSignal | undefined): Promise<LocalReply> {
  while (!run.over && run.status !== "awaiting_approval" && !signal?.aborted) {
    await new Promise<void>((resolve) => {
      const settle = () => {
        takeBack();
        signal?.removeEventListener("abort", settle);
        resolve();
      };
      const takeBack = run.log.onceChanged(settle);
      signal?.addEventListener("abort", settle, { once: true });
    });
  }
  const text = textOf(run.log.entries);
  return dataReply(200, {
    status: run.status,
    ...(premises.inlineRuns === "tracked" ? { run_id: run.id } : {}),
    execution_id: run.executionId,
    execution_time_ms: run.now() - (run.startedAt ?? run.createdAt),
    result: run.status === "completed" ? { text: run.output ?? text } : { text, error: run.current.message ?? null },
  });
}

const needRun = (premises: ServiceContext, call: RequestContext): Run =>
  premises.runs.need(call.route.runId ?? "", scopeOf(premises, call));

/** A view that may lag so far behind that the run is not there yet. */
function viewReply(view: object | undefined): LocalReply {
  if (view === undefined) throw notFound("Run");
  return dataReply(200, view);
}

const list: Handler = (premises, call) => {
  const query = new Query(call.query, [...PAGE_PARAMETERS, ...RUN_FILTERS]);
  const runs = premises.runs.list(query, scopeOf(premises, call), statusesOf(query), call.lag);
  const { page, pagination } = paginate(runs, query, 50, 100);
  return dataReply(
    200,
    page.map((run) => recordOf(run, call.lag)),
    pagination,
  );
};

const events: Handler = (premises, call) => {
  const query = new Query(call.query, [...PAGE_PARAMETERS, "kind", "item_id", "q"]);
  const run = needRun(premises, call);
  const { log } = run;
  const kind = query.text("kind");
  const item = query.text("item_id");
  const words = query.text("q")?.toLowerCase();
  const seen = call.lag.eventsMs > 0 ? log.entries.slice(0, log.countAt(run.now() - call.lag.eventsMs)) : log.entries;
  const found = seen.filter(
    ({ event }) =>
      (kind === undefined || event.kind === kind) &&
      (item === undefined || event.item_id === item) &&
      (words === undefined || JSON.stringify(event).toLowerCase().includes(words)),
  );
  const { page, pagination } = paginate(found, query, 100, 500);
  return dataReply(
    200,
    page.map(({ event }) => event),
    pagination,
  );
};

const stream: Handler = (premises, call) => {
  const run = needRun(premises, call);
  const accept = headerOf(call.request.headers, "accept") ?? "*/*";
  if (!/text\/event-stream|text\/\*|\*\/\*/i.test(accept)) {
    throw new ApiError(406, "NotAcceptable", "This endpoint answers text/event-stream");
  }
  const lastId = headerOf(call.request.headers, "last-event-id") ?? "";
  if (!/^\d{0,15}$/.test(lastId)) throw badRequest("Last-Event-ID: expected a sequence number");
  const fromStart = lastId === "" || ruleOf(call.rules, "replay") !== undefined;
  const { counters } = premises;
  const body = new SseBody({
    ambient: premises.ambient,
    run,
    cursor: fromStart ? -1 : Number(lastId),
    keepAliveMs: premises.keepAliveMs,
    preamble: premises.preamble,
    rewriter: call.rules.length === 0 ? undefined : new StreamFaults(call.rules, run),
    signal: call.signal,
    onOpen: () => {
      counters.openStreams += 1;
    },
    onClose: () => {
      counters.openStreams -= 1;
    },
  });
  return { status: 200, headers: { "content-type": "text/event-stream", "cache-control": "no-store" }, body };
};

const cancel: Handler = (premises, call) => {
  const run = needRun(premises, call);
  const slow = ruleOf(call.rules, "slow_cancel");
  if (ruleOf(call.rules, "late_cancel") !== undefined) run.finish("completed");
  else if (slow !== undefined) premises.ambient.timer(slow.ms, () => run.cancel());
  else run.cancel();
  return viewReply(recordOf(run));
};

const resume: Handler = (premises, call) => {
  const run = needRun(premises, call);
  const body = check(ResumeBodySchema, readJson(call.request) ?? null);
  if (run.status !== "awaiting_approval") throw conflict("The run does not require resume");
  const checkpoint = body?.resume_checkpoint_id;
  if (typeof checkpoint !== "string" || checkpoint.trim() === "") throw badRequest("resume_checkpoint_id is required");
  const decisions: Decision[] = check(DecisionsSchema, body?.approval_decisions ?? []);
  return viewReply(recordOf(premises.runs.decide(run, checkpoint, decisions, true)));
};

const pending: Handler = (premises, call) => {
  const query = new Query(call.query, [...PAGE_PARAMETERS, ...COMMON_FILTERS]);
  const runs = premises.runs.list(query, scopeOf(premises, call), ["awaiting_approval"], NO_LAG);
  const { page, pagination } = paginate(runs, query, 50, 100);
  return dataReply(200, page.map(pendingRunOf), pagination);
};

export const runOperations = {
  create_run: createRun,
  list,
  record: (premises, call) => viewReply(recordOf(needRun(premises, call), call.lag)),
  state: (premises, call) => viewReply(liveStateOf(needRun(premises, call), call.lag)),
  events,
  stream,
  artifacts: (premises, call) => {
    const query = new Query(call.query, PAGE_PARAMETERS);
    const { page, pagination } = paginate(artifactsOf(needRun(premises, call)), query, 50, 200);
    return dataReply(200, page, pagination);
  },
  approvals: (premises, call) => dataReply(200, pendingApprovalsView(needRun(premises, call))),
  pending,
  cancel,
  resume,
  inbox: (premises, call) => {
    const query = new Query(call.query, ["limit", "cursor"]);
    const waiting = premises.runs.list(query, undefined, ["awaiting_approval"], NO_LAG);
    return dataReply(200, listInbox(waiting, query, premises.ambient.now()));
  },
  decide: (premises, { request, route }) => {
    const body = readBody(request, InboxDecisionBodySchema);
    return dataReply(
      200,
      decideInInbox(route.entryId ?? "", body, (runId) => premises.runs.need(runId)),
    );
  },
} satisfies Partial<Record<Operation, Handler>>;

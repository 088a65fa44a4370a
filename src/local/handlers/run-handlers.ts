/** Operations that read and end runs. */
import { ruleOf } from "../faults/faults.ts";
import { StreamFaults } from "../faults/stream-faults.ts";
import { ApiError, badRequest, notFound } from "../http/api-error.ts";
import { dataReply, exactReply, headerOf, type LocalReply } from "../http/exchange.ts";
import { paginate } from "../http/query.ts";
import { artifactsOf, liveStateOf, pendingApprovalsOf, recordOf } from "../model/run-views.ts";
import { type Handler, needRun, scopeOf } from "./context.ts";
import { readRunFilter } from "./run-filters.ts";
import { SseBody } from "./sse-body.ts";

export const listRuns: Handler = (service, request) => {
  const { query, lag } = request;
  const filter = { deploymentId: scopeOf(service, request), ...readRunFilter(query) };
  const { page, pagination } = paginate(service.runs.list(filter, lag), query, { defaultLimit: 50, maxLimit: 100 });
  const records = page.map((run) => recordOf(run, lag));
  return dataReply(200, records, pagination);
};

export const getRun: Handler = (service, request) => viewReply(recordOf(needRun(service, request), request.lag));

export const getState: Handler = (service, request) => viewReply(liveStateOf(needRun(service, request), request.lag));

export const listEvents: Handler = (service, request) => {
  const { query, lag } = request;
  const run = needRun(service, request);
  const { log } = run;
  const kind = query.text("kind");
  const item = query.text("item_id");
  const words = query.text("q")?.toLowerCase();
  const visible = lag.eventsMs > 0 ? log.entries.slice(0, log.countAt(run.now() - lag.eventsMs)) : log.entries;
  const found = visible.filter(
    ({ event }) =>
      (kind === undefined || event.kind === kind) &&
      (item === undefined || event.item_id === item) &&
      (words === undefined || JSON.stringify(event).toLowerCase().includes(words)),
  );
  const { page, pagination } = paginate(found, query, { defaultLimit: 100, maxLimit: 500 });
  const events = page.map(({ event }) => event);
  return dataReply(200, events, pagination);
};

export const streamRun: Handler = (service, request) => {
  const { ambient, counters, keepAliveMs, preamble, faults } = service;
  const { headers, rules, signal } = request;
  const run = needRun(service, request);
  const accept = headerOf(headers, "accept") ?? "*/*";
  if (!/text\/event-stream|text\/\*|\*\/\*/i.test(accept)) {
    throw new ApiError(406, "NotAcceptable", "This endpoint responds with text/event-stream");
  }
  const lastId = headerOf(headers, "last-event-id") ?? "";
  if (!/^\d{0,15}$/.test(lastId)) throw badRequest("Last-Event-ID: expected a sequence number");
  const fromStart = lastId === "" || ruleOf(rules, "replay") !== undefined;
  const body = new SseBody({
    ambient,
    run,
    cursor: fromStart ? undefined : Number(lastId),
    keepAliveMs,
    preamble,
    rewriter: rules.length === 0 ? undefined : new StreamFaults(rules, run, faults),
    signal,
    onOpen: () => {
      counters.openStreams += 1;
    },
    onClose: () => {
      counters.openStreams -= 1;
    },
  });
  return { status: 200, headers: { "content-type": "text/event-stream", "cache-control": "no-store" }, body };
};

export const listArtifacts: Handler = (service, request) => {
  const artifacts = artifactsOf(needRun(service, request));
  const { page, pagination } = paginate(artifacts, request.query, { defaultLimit: 50, maxLimit: 200 });
  return dataReply(200, page, pagination);
};

export const getPendingApprovals: Handler = (service, request) =>
  exactReply(200, pendingApprovalsOf(needRun(service, request)));

export const cancelRun: Handler = (service, request) => {
  const run = needRun(service, request);
  const slow = ruleOf(request.rules, "slow_cancel");
  if (ruleOf(request.rules, "late_cancel") !== undefined) run.finish("completed");
  else if (slow !== undefined) service.ambient.timer(slow.ms, () => run.cancel());
  else run.cancel();
  return viewReply(recordOf(run));
};

/** Throws an `ApiError` (404) for a view that lags so far behind that the run does not exist in it. */
function viewReply(view: object | undefined): LocalReply {
  if (view === undefined) throw notFound("Run");
  return dataReply(200, view);
}

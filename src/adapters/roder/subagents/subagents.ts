/** The dispatcher service: one remote run per dispatch. */
import {
  DefinitionsParamsSchema,
  DispatchParamsSchema,
  SubagentCancelParamsSchema,
  type SubagentDefinition,
  type SubagentEvent,
  type SubagentRequest,
} from "#protocols/roder-extension";
import type { ExecutionEvent, HostJob, HostJobs, RunRef, RunRequest } from "../../../core/index.ts";
import { Coalescer } from "../../../core/index.ts";
import { type Method, method, type Wire } from "../../../stdio/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { chooseAgent, readableDefinitions } from "../agents.ts";
import type { ServiceCheck } from "../manifest/service-check.ts";
import type { RoderOptions } from "../options.ts";
import { isRateLimited } from "../reporting/exit-reason.ts";
import { dispatchFailureText } from "../reporting/failure-text.ts";
import { lostOutcome } from "../reporting/outcome-text.ts";
import { dispatchDeadline } from "./deadline.ts";
import { type Status, StatusReader } from "./status-reader.ts";
import { DEFAULT_RESULT_CHARS, type ResultContext, toSubagentResult } from "./subagent-result.ts";

/**
 * One status per second; a change of state goes at once. The host appends every status to its thread store and reads all
 * dispatches from one queue, so frequent statuses of one run would delay the others.
 */
const STATUS_LIMITS = { everyMs: 1000, burst: 5 };

export function subagentMethods(
  options: RoderOptions,
  dispatches: HostJobs,
  check: ServiceCheck,
): Record<string, Method> {
  return {
    "subagents/definitions": method(DefinitionsParamsSchema, ({ dispatcherId }) => {
      check.requireService("subagent_dispatcher", dispatcherId);
      return { definitions: readableDefinitions(options) };
    }),
    "subagents/dispatch": method(
      DispatchParamsSchema,
      ({ dispatcherId, dispatchId, request }, { wire, afterReply }) => {
        check.requireService("subagent_dispatcher", dispatcherId);
        if (dispatches.knows(dispatchId)) return { dispatchId };
        const agent = chooseAgent(readableDefinitions(options), request.subagent_type, "subagent type");
        check.requireOpen();
        afterReply(dispatches.accept(dispatchId, createDispatch(options, { wire, dispatchId, request, agent })));
        return { dispatchId };
      },
    ),
    "subagents/cancel": method(SubagentCancelParamsSchema, ({ dispatcherId, dispatchId }) => {
      check.requireService("subagent_dispatcher", dispatcherId);
      dispatches.cancel(dispatchId, "host");
      return {};
    }),
  };
}

interface Dispatch {
  wire: Wire;
  dispatchId: string;
  request: SubagentRequest;
  agent: SubagentDefinition;
}

function createDispatch(options: RoderOptions, { wire, dispatchId, request, agent }: Dispatch): HostJob {
  const { ambient } = options;
  const send = (event: SubagentEvent) => wire.notify("subagents/event", { dispatchId, event });
  const progress = new Coalescer<Status>(ambient, STATUS_LIMITS, (status) => send({ type: "status", ...status }));
  const context: ResultContext = {
    dispatchId,
    agentType: agent.agent_type,
    model: agent.model,
    maxChars: agent.max_result_chars ?? DEFAULT_RESULT_CHARS,
    lane: request.lane,
  };
  const reader = new StatusReader();
  let run: RunRef | undefined;
  let partial = "";

  const terminalEvent = (result: Parameters<HostJob["end"]>[0]): SubagentEvent => {
    if ("failure" in result) {
      // Without a remote run there is nothing to report; a rate limit is the only failure that the host retries by itself.
      if (!run || result.failure.kind === "rate_limited")
        return { type: "failed", error: dispatchFailureText(result.failure) };
      return { type: "completed", result: toSubagentResult(lostOutcome(result.failure, run, partial), context) };
    }
    if (isRateLimited(result.outcome)) {
      const message = result.outcome.error?.message ?? "the service asks to try again later";
      return { type: "failed", error: dispatchFailureText(new ExecutionFailure("rate_limited", message)) };
    }
    return { type: "completed", result: toSubagentResult(result.outcome, context) };
  };

  return {
    request: toRunRequest(options, request, agent),
    deadline: dispatchDeadline(request, ambient.now()),
    take(event: ExecutionEvent) {
      if (event.type === "status" && event.run) run = event.run;
      if (event.type === "text" && partial.length <= context.maxChars)
        partial += event.text.slice(0, 2 * context.maxChars);
      const status = reader.read(event);
      if (status) progress.offer(status.status, { urgent: status.changed });
      return undefined;
    },
    async end(result) {
      progress.close();
      await send(terminalEvent(result));
    },
  };
}

/**
 * `model` and `provider` are the parent's unless the caller set them, and an agent on Seren Cloud has its own model, so they
 * are not passed on. `max_concurrent` is ignored, because runs share nothing on this machine.
 */
function toRunRequest({ target }: RoderOptions, request: SubagentRequest, agent: SubagentDefinition): RunRequest {
  return {
    target: target({ agent: agent.agent_type }),
    message: messageOf(request),
    ...(request.inputs == null ? {} : { inputs: request.inputs }),
    onApproval: "wait",
  };
}

/** Returns the prompt with the caller's restrictions as sentences: a remote agent's tools cannot be limited in another way. */
function messageOf({ prompt, lane, tools, allowed_tools }: SubagentRequest): string {
  const notes: string[] = [];
  if (lane === "scout" || lane === "reviewer")
    notes.push("This is a read-only assignment: look and report, change nothing.");
  const allowed =
    tools && allowed_tools ? tools.filter((tool) => allowed_tools.includes(tool)) : (tools ?? allowed_tools);
  if (allowed && allowed.length > 0)
    notes.push(`Use no other tools than these or their equivalents: ${allowed.join(", ")}.`);
  return [prompt, ...(notes.length > 0 ? [notes.join("\n")] : [])].join("\n\n");
}

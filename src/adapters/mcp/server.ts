/** The MCP server: its methods in both eras, its error replies and its end. */
import { ListParamsSchema, SERVER_INFO_META, TaskParamsSchema, UpdateTaskParamsSchema } from "#protocols/mcp";
import { HostJobs } from "../../core/index.ts";
import { type EndCause, type Method, type MethodContext, NO_REPLY, type ServeOptions } from "../../stdio/index.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { isObject } from "../../support/objects.ts";
import { settleWithin } from "../../support/settle-within.ts";
import { type Call, lookOf, readCall, readParams } from "./calls/call.ts";
import { type Caller, Callers, envelopeOf } from "./calls/callers.ts";
import { OpenCalls } from "./calls/open-calls.ts";
import { Approvals, UnusableState } from "./elicitation/approvals.ts";
import { failureText } from "./failure-text.ts";
import { CACHING, discoverResult, initializeResult, serverInfo } from "./handshake.ts";
import type { McpOptions } from "./options.ts";
import { Resources } from "./resources/resources.ts";
import { ExtensionTasks, requireTasks } from "./tasks/extension-tasks.ts";
import { Tasks } from "./tasks/tasks.ts";
import { RunTools } from "./tools/run-tools.ts";
import { toolList } from "./tools/tool-list.ts";
import { toWireError } from "./wire-error.ts";

/** For cancelling what runs when the client is gone; the rest of the end budget is for the last replies. */
const DRAIN_BUDGET_MS = 8000;
const END_BUDGET_MS = 9500;

/** Passed to `serve` unchanged. */
export type McpServer = Required<
  Pick<ServeOptions, "methods" | "notifications" | "cancellation" | "toWireError" | "onEnd" | "endBudgetMs">
>;

type TaskHandler = (taskId: string, call: Call, params: unknown) => object | Promise<object>;
type Handler = (caller: Caller, params: unknown, context: MethodContext) => object | Promise<object>;

export function createMcpServer(options: McpOptions): McpServer {
  const { heard, registry, ambient, log, version } = options;
  const callers = new Callers();
  const jobs = new HostJobs("tool", options);
  const approvals = new Approvals(options);
  const tools = new RunTools(options, jobs, approvals);
  const tasks = new Tasks(tools, ambient);
  const extensionTasks = new ExtensionTasks(options, tools, approvals);
  const resources = new Resources(options);
  const open = new OpenCalls();
  let isWarm = false;
  const warmUp = () => {
    if (!isWarm) options.warmUp?.();
    isWarm = true;
  };
  if (heard?.method === "initialize") callers.initialize(heard.params);
  if (heard) warmUp();

  /** A method of both eras: what stands for itself also says what it is, and whose answer it is. */
  const forBoth =
    (handle: Handler): Method =>
    async (params, context) => {
      const caller = callers.of(params);
      const result = await handle(caller, params, context);
      if (caller.era === "handshake" || result === NO_REPLY) return result;
      return { resultType: "complete", ...result, _meta: { [SERVER_INFO_META]: serverInfo(version) } };
    };

  const callTool: Handler = (caller, params, { wire, signal }) =>
    open.run(signal, async (hurried) => {
      const call = readCall(params, caller, { wire, signal, hurried });
      try {
        if (call.task) return await tasks.create(call, call.task.ttl);
        return isExtensionTask(call) ? await extensionTasks.create(call) : await tools.call(call);
      } catch (error) {
        const failure = asFailure(error);
        if (signal.aborted || failure instanceof UnusableState || call.task) throw failure;
        if (failure.kind === "internal")
          log("error", "a tool failed", { tool: call.name, error: String(failure.cause) });
        return { content: [{ type: "text", text: failureText(failure) }], isError: true };
      }
    });

  /** A method of tasks: one of the revision that shakes hands, or of the extension of the other. A look is a call without arguments. */
  const ofTask = (handshake: TaskHandler | undefined, stateless: TaskHandler | undefined): Method =>
    forBoth((caller, params, { wire, signal }) => {
      const handle = caller.era === "handshake" ? handshake : stateless;
      if (!handle) throw new ExecutionFailure("unsupported", "this revision has no such method");
      if (caller.era === "stateless") requireTasks(caller);
      const { taskId, _meta: meta } = readParams(TaskParamsSchema, params);
      return open.run(signal, (hurried) =>
        handle(
          taskId,
          { ...lookOf(caller, { wire, signal, hurried }), meta, progressToken: meta?.progressToken },
          params,
        ),
      );
    });

  /** The same for every client and for as long as the process lives. */
  const ofList = (list: (caller: Caller) => object) =>
    forBoth((caller, params) => {
      readParams(ListParamsSchema, params);
      return caller.era === "stateless" ? { ...list(caller), ...CACHING } : list(caller);
    });

  return {
    methods: {
      initialize: (params, { afterReply }) => {
        const revision = callers.initialize(params);
        afterReply(warmUp);
        return initializeResult(revision, version);
      },
      ping: (params) => {
        if (!envelopeOf(params)) return {};
        throw new ExecutionFailure("unsupported", "this revision of the protocol has no ping");
      },
      "server/discover": forBoth((caller, _, { afterReply }) => {
        if (caller.era === "handshake")
          throw new ExecutionFailure("invalid_input", "server/discover needs an envelope");
        afterReply(warmUp);
        return discoverResult(version);
      }),
      "tools/list": ofList((caller) => ({ tools: toolList(caller) })),
      "tools/call": forBoth(callTool),
      "resources/list": ofList(() => resources.list()),
      "resources/templates/list": ofList(() => resources.templates()),
      "resources/read": forBoth(async (caller, params, { signal }) => {
        const read = await open.run(signal, (hurried) => resources.read(params, hurried));
        return caller.era === "stateless" && read !== NO_REPLY ? { ...read, ...CACHING, cacheScope: "private" } : read;
      }),
      "tasks/get": ofTask(
        (taskId) => tasks.get(taskId),
        (taskId, call) => extensionTasks.get(taskId, call),
      ),
      "tasks/cancel": ofTask(
        (taskId) => tasks.cancel(taskId),
        (taskId) => extensionTasks.cancel(taskId),
      ),
      "tasks/result": ofTask((taskId, call) => tasks.result(taskId, call), undefined),
      "tasks/update": ofTask(undefined, (taskId, _, params) =>
        extensionTasks.update(taskId, readParams(UpdateTaskParamsSchema, params).inputResponses),
      ),
    },
    notifications: { "notifications/initialized": () => callers.ready() },
    cancellation: {
      notification: "notifications/cancelled",
      requestId: (params) => (isObject(params) ? params.requestId : undefined),
      paramsFor: (requestId) => ({ requestId, reason: "the answer is no longer needed" }),
      replies: false,
    },
    toWireError,
    async onEnd(cause: EndCause) {
      log("info", "the client is gone", { cause, live: registry.size });
      const reason = new ExecutionFailure("cancelled", "seren-bridge is shutting down");
      open.hurry(reason);
      jobs.cancelAll("shutdown");
      const settled = Promise.all([registry.drain("shutdown", DRAIN_BUDGET_MS), jobs.settled()]);
      await settleWithin(ambient, DRAIN_BUDGET_MS, settled);
    },
    endBudgetMs: END_BUDGET_MS,
  };
}

/** A start of a client that can follow tasks; one that repeats a call goes on where that was. */
function isExtensionTask({ name, caller, retry }: Call): boolean {
  return name === "seren_dispatch" && caller.era === "stateless" && caller.hasTasks && !retry;
}

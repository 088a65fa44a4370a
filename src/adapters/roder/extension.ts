/** The Roder extension: its methods, its error replies and its shutdown. */

import { InitializeParamsSchema, ShutdownParamsSchema } from "#protocols/roder-extension";
import { BackgroundRuns, HostJobs } from "../../core/index.ts";
import { type EndCause, type Method, method, type ServeOptions } from "../../stdio/index.ts";
import { settleWithin } from "../../support/settle-within.ts";
import { HandshakeTimeout } from "./handshake/handshake-timeout.ts";
import { initialize } from "./handshake/initialize.ts";
import { ServiceCheck } from "./manifest/service-check.ts";
import type { RoderOptions } from "./options.ts";
import { subagentMethods } from "./subagents/subagents.ts";
import { taskMethods } from "./tasks/tasks.ts";
import { createTools, toolMethods } from "./tools/tools.ts";
import { toWireError } from "./wire-error.ts";

/**
 * The host kills the process as soon as it has the reply to `extension/shutdown`, or 2 s after it sent the request
 * (`docs/reference/roder-process-extension-0.2.md`, section 1.13).
 */
const SHUTDOWN_BUDGET_MS = 1400;
/** For cancelling what still runs when the host is gone; the rest of the end budget is for the last events and replies. */
const DRAIN_BUDGET_MS = 8000;
const END_BUDGET_MS = 10_000;

/** Passed to `serve` unchanged. */
export interface RoderExtension {
  methods: Readonly<Record<string, Method>>;
  toWireError: ServeOptions["toWireError"];
  /** Cancels all work. Resolves when it has ended, after 8 s at the latest. */
  onEnd(cause: EndCause): Promise<void>;
  endBudgetMs: number;
}

export function createRoderExtension(options: RoderOptions): RoderExtension {
  const { registry, ambient, log } = options;
  const check = new ServiceCheck(options.manifest);
  const dispatches = new HostJobs("dispatch", options);
  const executions = new HostJobs("task", options);
  const toolRuns = new HostJobs("tool", options);
  const all = [dispatches, executions, toolRuns];
  const handshakeTimeout = new HandshakeTimeout(ambient, () => options.onHandshakeTimeout?.());

  const drain = async (budgetMs: number) => {
    check.close();
    handshakeTimeout.stop();
    for (const jobs of all) jobs.cancelAll("shutdown");
    const settled = Promise.all([registry.drain("shutdown", budgetMs), ...all.map((jobs) => jobs.settled())]);
    await settleWithin(ambient, budgetMs, settled);
  };

  const methods: Record<string, Method> = {
    "extension/shutdown": method(ShutdownParamsSchema, async (_, { endAfterReply }) => {
      await drain(SHUTDOWN_BUDGET_MS);
      endAfterReply();
      return {};
    }),
    ...subagentMethods(options, dispatches, check),
    ...taskMethods(options, executions, check),
    ...toolMethods(createTools(options, new BackgroundRuns(toolRuns, ambient), check), check),
  };
  const fromAcceptingHost = Object.entries(methods).map(([name, run]): [string, Method] => [
    name,
    (params, context) => {
      handshakeTimeout.stop();
      return run(params, context);
    },
  ]);

  return {
    methods: {
      ...Object.fromEntries(fromAcceptingHost),
      "extension/initialize": method(InitializeParamsSchema, (params, { afterReply }) => {
        handshakeTimeout.restart();
        const reply = initialize(options.manifest, params);
        afterReply(() => options.warmUp?.());
        return reply;
      }),
    },
    toWireError,
    async onEnd(cause) {
      log("info", "the host is gone", { cause, live: registry.size });
      await drain(DRAIN_BUDGET_MS);
    },
    endBudgetMs: END_BUDGET_MS,
  };
}

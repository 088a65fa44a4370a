/** The Roder extension: its methods, its errors and its end. */
import {
  InitializeParamsSchema,
  type InitializeResult,
  PROTOCOL_VERSION,
  ShutdownParamsSchema,
} from "#protocols/roder-extension";
import { BackgroundRuns, HostJobs } from "../../core/index.ts";
import { type EndCause, type Method, method, type ServeOptions } from "../../stdio/index.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { toWireError } from "./errors.ts";
import { HandshakeTimeout } from "./handshake-timeout.ts";
import type { RoderOptions } from "./options.ts";
import { createServiceCheck } from "./services.ts";
import { subagentMethods } from "./subagents/subagents.ts";
import { taskMethods } from "./tasks/tasks.ts";
import { createTools, toolMethods } from "./tools/tools.ts";

/** The host kills us 2 s after it has asked for the shutdown, and right after our reply. */
const SHUTDOWN_BUDGET_MS = 1400;
/** For cancelling what still runs when the host is gone, and what the wire gives us for it, last words included. */
const DRAIN_BUDGET_MS = 8000;
const END_BUDGET_MS = 10_000;

/** Goes into `serve` as it is. */
export interface RoderExtension {
  methods: Readonly<Record<string, Method>>;
  toWireError: ServeOptions["toWireError"];
  /** Cancels everything and resolves when it has ended, after 8 s at the latest. */
  onEnd(cause: EndCause): Promise<void>;
  endBudgetMs: number;
}

export function createRoderExtension(options: RoderOptions): RoderExtension {
  const { registry, ambient, log } = options;
  const check = createServiceCheck(options.manifest);
  const dispatches = new HostJobs("dispatch", options);
  const executions = new HostJobs("task", options);
  const toolStarts = new HostJobs("tool", options);
  const all = [dispatches, executions, toolStarts];
  const silence = new HandshakeTimeout(ambient, () => options.onSilence?.());

  const drain = async (budgetMs: number) => {
    check.close();
    silence.broken();
    for (const assignments of all) assignments.cancelAll("shutdown");
    const settled = Promise.all([
      registry.drain("shutdown", budgetMs),
      ...all.map((assignments) => assignments.settled()),
    ]);
    await Promise.race([
      settled,
      new Promise<void>((resolve) => void ambient.timer(budgetMs, resolve, { unref: true })),
    ]);
  };

  const methods: Record<string, Method> = {
    "extension/shutdown": method(ShutdownParamsSchema, async (_, { endAfterReply }) => {
      await drain(SHUTDOWN_BUDGET_MS);
      endAfterReply();
      return {};
    }),
    ...subagentMethods(options, dispatches, check),
    ...taskMethods(options, executions, check),
    ...toolMethods(createTools(options, new BackgroundRuns(toolStarts, ambient), check), check),
  };
  const heard = Object.entries(methods).map(([name, run]): [string, Method] => [
    name,
    (params, context) => {
      silence.broken();
      return run(params, context);
    },
  ]);

  return {
    methods: {
      ...Object.fromEntries(heard),
      "extension/initialize": method(InitializeParamsSchema, (params, { afterReply }) => {
        silence.restart();
        const echo = initialize(options.manifest, params);
        afterReply(() => options.warmUp?.());
        return echo;
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

/** The echo by which the host recognises the extension it means. Everything in it comes from the manifest on disk. */
function initialize(
  manifest: RoderOptions["manifest"],
  { protocolVersion, extensionId }: { protocolVersion: string; extensionId: string },
): InitializeResult {
  const refuse = (why: string) => new ExecutionFailure("invalid_input", why);
  if (protocolVersion !== PROTOCOL_VERSION) {
    throw refuse(
      `Roder speaks protocol ${shown(protocolVersion)}, this extension speaks ${PROTOCOL_VERSION}: update the older of the two`,
    );
  }
  if (manifest instanceof ExecutionFailure) throw manifest;
  if (extensionId !== manifest.id) {
    throw refuse(
      `Roder expects extension ${shown(extensionId)}, the manifest ${manifest.path} is that of ${shown(manifest.id)}`,
    );
  }
  return {
    protocolVersion: PROTOCOL_VERSION,
    extensionId: manifest.id,
    services: manifest.services,
    manifestChecksum: manifest.checksum,
  };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

/**
 * The tools a model can call. While one of them is in flight Roder runs no other tool in any thread
 * (`docs/reference/roder-process-extension-0.2.md`, section 4.11), so each returns within two seconds and none waits for a
 * run. None can approve anything.
 */
import type * as z from "zod";
import { ToolCallParamsSchema, type ToolResult } from "#protocols/roder-extension";
import {
  answerWithin,
  type BackgroundRun,
  type BackgroundRuns,
  DEFAULT_TIMEOUT_MS,
  followedReport,
  LateAnswers,
  type RunReport,
  withAdvice,
} from "../../../core/index.ts";
import {
  AgentsArgumentsSchema,
  agentsText,
  CANCEL_UNDER_WAY,
  CancelArgumentsSchema,
  choiceWords,
  DispatchArgumentsSchema,
  dispatchRequest,
  ENDED_ALREADY,
  NO_ID_YET,
  readArguments,
  StatusArgumentsSchema,
} from "../../../model-tools/index.ts";
import { type Method, method } from "../../../stdio/index.ts";
import { quotedWord } from "../../../support/clip.ts";
import { asFailure } from "../../../support/failure.ts";
import { agentChoice, readableDefinitions } from "../agents.ts";
import type { ServiceCheck } from "../manifest/service-check.ts";
import type { RoderOptions } from "../options.ts";
import { capText, excerptSize, reportData, reportText, roomForText, startedText } from "./tool-text.ts";

const MAX_REPLY_MS = 2000;

type Tool = (args: unknown) => ToolResult | Promise<ToolResult>;

/** Returns the tools by name. A hook may change arguments after the host has validated them, so they are validated here. */
export function createTools(options: RoderOptions, runs: BackgroundRuns, check: ServiceCheck): Record<string, Tool> {
  const { ambient } = options;
  const looks = new LateAnswers<RunReport>(ambient);
  return {
    seren_agents: tool(AgentsArgumentsSchema, () =>
      textResult(
        agentsText(readableDefinitions(options).map(({ agent_type: name, description }) => ({ name, description }))),
      ),
    ),

    seren_dispatch: tool(DispatchArgumentsSchema, async (wanted) => {
      const choice = agentChoice(options, wanted);
      check.requireOpen();
      const { timeout_seconds } = wanted;
      const timeoutMs = timeout_seconds === undefined ? DEFAULT_TIMEOUT_MS : timeout_seconds * 1000;
      const started = runs.start(dispatchRequest(wanted, options.target(choice)), choiceWords(choice), timeoutMs);
      // A run without an id after that time is no failure: the temporary id is used instead.
      await answerWithin(ambient, MAX_REPLY_MS, started.named).catch(() => undefined);
      if (started.failure && !started.run) throw started.failure;
      return textResult(startedText(started, timeoutMs), {
        run_id: idOf(started),
        ...(started.run?.url ? { url: started.run.url } : {}),
      });
    }),

    seren_run_status: tool(StatusArgumentsSchema, async ({ run_id, cursor }) => {
      const own = runs.find(run_id);
      if (own?.failure && !own.run) throw own.failure;
      if (own && !own.run)
        return textResult(`starting: ${NO_ID_YET}`, {
          run_id,
          cursor: cursor ?? 0,
        });
      const id = own?.run?.runId ?? run_id;
      const shown = await looks.ask(`${id} ${cursor ?? 0}`, { ms: MAX_REPLY_MS }, () =>
        options.runs.status(id, { cursor, room: roomForText, measure: excerptSize }),
      );
      const report = followedReport(shown, own);
      return textResult(reportText(report, cursor ?? 0), reportData(report, own?.agentType));
    }),

    seren_run_cancel: tool(CancelArgumentsSchema, async ({ run_id }) => {
      const own = runs.find(run_id);
      const stopping = own !== undefined && runs.cancel(own);
      if (!stopping && own?.ended) return textResult(ENDED_ALREADY);
      if (!stopping) await answerWithin(ambient, MAX_REPLY_MS, options.runs.cancel(run_id));
      return textResult(CANCEL_UNDER_WAY, { run_id });
    }),
  };
}

export function toolMethods(tools: Record<string, Tool>, check: ServiceCheck): Record<string, Method> {
  return {
    "tools/call": method(ToolCallParamsSchema, async ({ providerId, toolName, arguments: args }) => {
      check.requireService("tool_provider", providerId);
      const run = Object.hasOwn(tools, toolName) ? tools[toolName] : undefined;
      if (!run)
        return errorResult(`there is no tool ${quotedWord(toolName)}; there are ${Object.keys(tools).join(", ")}`);
      try {
        return await run(args);
      } catch (error) {
        return errorResult(withAdvice(asFailure(error)));
      }
    }),
  };
}

function tool<S extends z.ZodType>(schema: S, run: (args: z.output<S>) => ToolResult | Promise<ToolResult>): Tool {
  return (args) => run(readArguments(schema, args));
}

function idOf(started: BackgroundRun): string {
  return started.run?.runId ?? started.temporaryId;
}

function textResult(content: string, data: ToolResult["data"] = null): ToolResult {
  return { content: capText(content), isError: false, data };
}

function errorResult(content: string): ToolResult {
  return { content: capText(content), isError: true, data: null };
}

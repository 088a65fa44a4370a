/** The executor service: a task starts a run and follows it, attaches to a run, or starts one and leaves it running. */
import {
  SpecParamsSchema,
  TaskCancelParamsSchema,
  type TaskEvent,
  TaskExecuteParamsSchema,
} from "#protocols/roder-extension";
import type { HostJob, HostJobs, RunRequest, RunResult } from "../../../core/index.ts";
import { type Method, method } from "../../../stdio/index.ts";
import { agentChoice } from "../agents.ts";
import type { ServiceCheck } from "../manifest/service-check.ts";
import type { RoderOptions } from "../options.ts";
import { exitCode } from "../reporting/exit-reason.ts";
import { taskFailureText } from "../reporting/failure-text.ts";
import { parseTaskInput, TASK_SPEC, type TaskInput } from "./task-input.ts";
import { TaskLog } from "./task-log.ts";
import { TaskOutput } from "./task-output.ts";
import { startedPayload, toPayload } from "./task-result.ts";

export function taskMethods(options: RoderOptions, executions: HostJobs, check: ServiceCheck): Record<string, Method> {
  return {
    "tasks/spec": method(SpecParamsSchema, ({ executorId }) => {
      check.requireService("task_executor", executorId);
      return { spec: TASK_SPEC };
    }),
    "tasks/execute": method(TaskExecuteParamsSchema, ({ executorId, executionId, input }, { wire, afterReply }) => {
      check.requireService("task_executor", executorId);
      if (executions.knows(executionId)) return { executionId };
      const wanted = parseTaskInput(input);
      const request = toRunRequest(options, wanted);
      check.requireOpen();
      const job = createTask(options, (event) => wire.notify("tasks/event", { executionId, event }), {
        request,
        deadline: options.ambient.now() + wanted.timeout_seconds * 1000,
        // The request detaches the run, so this ends the following and not the run.
        leave: wanted.wait ? undefined : () => executions.cancel(executionId, "host"),
      });
      afterReply(executions.accept(executionId, job));
      return { executionId };
    }),
    "tasks/cancel": method(TaskCancelParamsSchema, ({ executorId, executionId }) => {
      check.requireService("task_executor", executorId);
      executions.cancel(executionId, "host");
      return {};
    }),
  };
}

interface TaskWork extends Pick<HostJob, "request" | "deadline"> {
  /** Stops following the run. Set when the task ends as soon as the run has an id. */
  leave: (() => void) | undefined;
}

type SendEvent = (event: TaskEvent) => Promise<void>;

function createTask({ ambient }: RoderOptions, send: SendEvent, { request, deadline, leave }: TaskWork): HostJob {
  const output = new TaskOutput(ambient, (stream, chunk) => send({ type: "output", stream, chunk }));
  const log = new TaskLog(output);
  let isStopping = false;
  let hasEnded = false;
  const finish = async (terminal: TaskEvent) => {
    hasEnded = true;
    await output.finish();
    await send(terminal);
  };
  return {
    request,
    deadline,
    async take(event) {
      if (hasEnded) return;
      await log.take(event);
      if (!leave || !log.run || isStopping) return;
      await finish({ type: "completed", result: { exit_code: null, payload: startedPayload(log.run) } });
      leave();
    },
    stopping() {
      isStopping = true;
      output.flush();
    },
    async end(result) {
      if (hasEnded) return;
      const terminal = terminalEvent(result);
      if (terminal.type === "failed") log.fail(terminal.error);
      if ("outcome" in result) log.end(result.outcome);
      await finish(terminal);
    },
  };
}

/** A run that ended badly is a completed task with an exit code; `failed` is for a run without a known outcome. */
function terminalEvent(result: RunResult): TaskEvent {
  if ("failure" in result) return { type: "failed", error: taskFailureText(result.failure) };
  const { outcome } = result;
  return { type: "completed", result: { exit_code: exitCode(outcome), payload: toPayload(outcome) } };
}

function toRunRequest(options: RoderOptions, input: TaskInput): RunRequest {
  const base = { target: options.target(agentChoice(options, input)), onApproval: "wait" } as const;
  if (input.run_id !== undefined) return { ...base, attachTo: input.run_id };
  return {
    ...base,
    ...(input.prompt === undefined ? {} : { message: input.prompt }),
    ...(input.conversation === undefined ? {} : { conversationId: input.conversation }),
    ...(input.inputs == null ? {} : { inputs: input.inputs }),
    ...(input.wait ? {} : { detach: true }),
  };
}

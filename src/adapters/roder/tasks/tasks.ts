/** The executor service: one remote run for each task, or one attached to, or one started and left alone. */
import {
  SpecParamsSchema,
  TaskCancelParamsSchema,
  type TaskEvent,
  TaskExecuteParamsSchema,
} from "#protocols/roder-extension";
import type { HostJob, HostJobs, Outcome, RunRequest, RunResult } from "../../../core/index.ts";
import { type Method, method, type Wire } from "../../../stdio/index.ts";
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
      const assignment = execution(options, wire, executionId, {
        request,
        deadline: options.ambient.now() + wanted.timeout_seconds * 1000,
        // The run is left alone by its request; this only ends the following.
        leave: wanted.wait ? undefined : () => executions.cancel(executionId, "host"),
      });
      afterReply(executions.accept(executionId, assignment));
      return { executionId };
    }),
    "tasks/cancel": method(TaskCancelParamsSchema, ({ executorId, executionId }) => {
      check.requireService("task_executor", executorId);
      executions.cancel(executionId, "host");
      return {};
    }),
  };
}

interface Work extends Pick<HostJob, "request" | "deadline"> {
  /** Set when the task ends as soon as the run has a name; stops following it. */
  leave: (() => void) | undefined;
}

function execution({ ambient }: RoderOptions, wire: Wire, executionId: string, work: Work): HostJob {
  const { request, deadline, leave } = work;
  const send = sender(wire, executionId);
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
      output.hurry();
    },
    async end(ending) {
      if (hasEnded) return;
      const terminal = terminalEvent(ending);
      if (terminal.type === "failed") log.fail(terminal.error);
      if ("outcome" in ending) log.end(ending.outcome);
      await finish(terminal);
    },
  };
}

function sender(wire: Wire, executionId: string): (event: TaskEvent) => Promise<void> {
  return (event) => wire.notify("tasks/event", { executionId, event });
}

/** A run that ended badly is a task that ran and says so by its exit code; `failed` is for work without a known end. */
function terminalEvent(ending: RunResult): TaskEvent {
  if ("failure" in ending) return { type: "failed", error: taskFailureText(ending.failure) };
  return { type: "completed", result: toResult(ending.outcome) };
}

function toResult(outcome: Outcome) {
  return { exit_code: exitCode(outcome), payload: toPayload(outcome) };
}

function toRunRequest(options: RoderOptions, input: TaskInput): RunRequest {
  const base = { target: options.target(agentChoice(options, input)), onApproval: "wait" } as const;
  if (input.run_id !== undefined) return { ...base, attachTo: input.run_id };
  return {
    ...base,
    ...(input.prompt === undefined ? {} : { message: input.prompt }),
    ...(input.inputs == null ? {} : { inputs: input.inputs }),
    ...(input.wait ? {} : { detach: true }),
  };
}

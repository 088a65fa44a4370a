/** The executor service: one remote run for each task, or one attached to, or one started and left alone. */
import {
  SpecParamsSchema,
  TaskCancelParamsSchema,
  type TaskEvent,
  TaskExecuteParamsSchema,
} from "#protocols/roder-extension-0.2";
import type { Outcome, RunRef, RunRequest } from "../../core/index.ts";
import { type Method, method, type Wire } from "../../stdio/index.ts";
import { chooseAgent, readableDefinitions } from "./agents.ts";
import type { Assignment, Assignments, Ending } from "./assignments.ts";
import { exitCode } from "./endings.ts";
import { failureText } from "./errors.ts";
import type { AgentChoice, RoderOptions } from "./options.ts";
import type { ServiceCheck } from "./services.ts";
import { parseTaskInput, TASK_SPEC, type TaskInput } from "./task-input.ts";
import { TaskLog } from "./task-log.ts";
import { TaskOutput } from "./task-output.ts";
import { startedPayload, toPayload } from "./task-result.ts";

export function taskMethods(
  options: RoderOptions,
  executions: Assignments,
  check: ServiceCheck,
): Record<string, Method> {
  return {
    "tasks/spec": method(SpecParamsSchema, ({ executorId }) => {
      check("task_executor", executorId);
      return { spec: TASK_SPEC };
    }),
    "tasks/execute": method(TaskExecuteParamsSchema, ({ executorId, executionId, input }, { wire, afterReply }) => {
      check("task_executor", executorId);
      if (executions.knows(executionId)) return { executionId };
      const wanted = parseTaskInput(input);
      const request = toRunRequest(options, wanted);
      check.open();
      const make = wanted.wait ? waited : detached;
      const assignment = make(options, wire, executionId, {
        request,
        deadline: options.ambient.now() + wanted.timeout_seconds * 1000,
      });
      afterReply(executions.accept(executionId, assignment));
      return { executionId };
    }),
    "tasks/cancel": method(TaskCancelParamsSchema, ({ executorId, executionId }) => {
      check("task_executor", executorId);
      executions.cancel(executionId, "host");
      return {};
    }),
  };
}

type Work = Pick<Assignment, "request" | "deadline">;

/** Follows the run to its end. */
function waited({ ambient }: RoderOptions, wire: Wire, executionId: string, work: Work): Assignment {
  const send = sender(wire, executionId);
  const output = new TaskOutput(ambient, (stream, chunk) => send({ type: "output", stream, chunk }));
  const log = new TaskLog(output);
  return {
    ...work,
    take: (event) => log.take(event),
    hurry: () => output.hurry(),
    async end(ending) {
      const terminal = terminalEvent(ending);
      if (terminal.type === "failed") await log.fail(terminal.error);
      if ("outcome" in ending) await log.end(ending.outcome);
      await output.finish();
      await send(terminal);
    },
  };
}

/** Ends the task as soon as the run has a name; the run goes on. */
function detached({ ambient }: RoderOptions, wire: Wire, executionId: string, work: Work): Assignment {
  const send = sender(wire, executionId);
  const output = new TaskOutput(ambient, (stream, chunk) => send({ type: "output", stream, chunk }));
  const log = new TaskLog(output);
  let ended = false;
  const started = async (run: RunRef) => {
    ended = true;
    await output.finish();
    await send({ type: "completed", result: { exit_code: null, payload: startedPayload(run) } });
    stopFollowing();
  };
  return {
    ...work,
    async take(event) {
      if (ended) return;
      await log.take(event);
      if (log.run) await started(log.run);
    },
    hurry: () => output.hurry(),
    async end(ending) {
      if (ended) return;
      const terminal = terminalEvent(ending);
      if (terminal.type === "failed") await log.fail(terminal.error);
      if ("outcome" in ending) await log.end(ending.outcome);
      await output.finish();
      await send(terminal);
    },
  };
}

function sender(wire: Wire, executionId: string): (event: TaskEvent) => Promise<void> {
  return (event) => wire.notify("tasks/event", { executionId, event });
}

/** A run that ended badly is a task that ran and says so by its exit code; `failed` is for work without a known end. */
function terminalEvent(ending: Ending): TaskEvent {
  if ("failure" in ending) return { type: "failed", error: failureText(ending.failure) };
  return { type: "completed", result: toResult(ending.outcome) };
}

function toResult(outcome: Outcome) {
  return { exit_code: exitCode(outcome), payload: toPayload(outcome) };
}

function toRunRequest(options: RoderOptions, input: TaskInput): RunRequest {
  const base = { target: options.target(choiceOf(options, input)), onApproval: "wait" } as const;
  if (input.run_id !== undefined) return { ...base, attachTo: input.run_id };
  return {
    ...base,
    ...(input.prompt === undefined ? {} : { message: input.prompt }),
    ...(input.inputs == null ? {} : { inputs: input.inputs }),
    ...(input.wait ? {} : { detach: true }),
  };
}

/** Shared with the tools: a named agent is checked here, a deployment by the service. */
export function choiceOf(
  options: RoderOptions,
  wanted: { agent?: string | undefined; deployment_id?: string | undefined },
): AgentChoice {
  if (wanted.deployment_id !== undefined) return { deploymentId: wanted.deployment_id };
  return { agent: chooseAgent(readableDefinitions(options), wanted.agent, "agent").agent_type };
}

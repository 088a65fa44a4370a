/** The executor service: a task starts a run and follows it, attaches to a run, or starts one and leaves it running. */
import {
  SpecParamsSchema,
  TaskCancelParamsSchema,
  type TaskEvent,
  TaskExecuteParamsSchema,
} from "#protocols/roder-extension";
import {
  type HostJob,
  type HostJobs,
  type Outcome,
  type RunRequest,
  type RunResult,
  withContent,
} from "../../../core/index.ts";
import { type Method, method } from "../../../stdio/index.ts";
import { Stopped } from "../../../support/abort.ts";
import { asFailure, ExecutionFailure } from "../../../support/failure.ts";
import { agentChoice } from "../agents.ts";
import type { ServiceCheck } from "../manifest/service-check.ts";
import type { RoderOptions } from "../options.ts";
import { exitCode } from "../reporting/exit-reason.ts";
import { taskFailureText } from "../reporting/failure-text.ts";
import { folderIn } from "./save-folder.ts";
import { parseTaskInput, TASK_SPEC, type TaskInput } from "./task-input.ts";
import { TaskLog } from "./task-log.ts";
import { TaskOutput } from "./task-output.ts";
import { type Saved, startedPayload, toPayload } from "./task-result.ts";

export function taskMethods(options: RoderOptions, executions: HostJobs, check: ServiceCheck): Record<string, Method> {
  return {
    "tasks/spec": method(SpecParamsSchema, ({ executorId }) => {
      check.requireService("task_executor", executorId);
      return { spec: TASK_SPEC };
    }),
    "tasks/execute": method(
      TaskExecuteParamsSchema,
      ({ executorId, executionId, workspaceRoot, input }, { wire, afterReply }) => {
        check.requireService("task_executor", executorId);
        if (executions.knows(executionId)) return { executionId };
        const wanted = parseTaskInput(input);
        const request = toRunRequest(options, wanted);
        const saveTo = saveFolder(wanted, workspaceRoot);
        check.requireOpen();
        const job = createTask(options, (event) => wire.notify("tasks/event", { executionId, event }), {
          request,
          deadline: options.ambient.now() + wanted.timeout_seconds * 1000,
          // The request detaches the run, so this ends the following and not the run.
          saveTo,
          leave: wanted.wait ? undefined : () => executions.cancel(executionId, "host"),
        });
        afterReply(executions.accept(executionId, job));
        return { executionId };
      },
    ),
    "tasks/cancel": method(TaskCancelParamsSchema, ({ executorId, executionId }) => {
      check.requireService("task_executor", executorId);
      executions.cancel(executionId, "host");
      return {};
    }),
  };
}

interface SaveFolder {
  workspace: string;
  folder: string;
}

/** Throws where the host names no workspace: nothing is saved elsewhere. */
function saveFolder(
  { save_artifacts: folder }: TaskInput,
  workspace: string | null | undefined,
): SaveFolder | undefined {
  if (folder === undefined) return undefined;
  if (workspace) return { workspace, folder };
  throw new ExecutionFailure(
    "invalid_input",
    "input.save_artifacts: Roder names no workspace to save in; leave it out",
  );
}

interface TaskWork extends Pick<HostJob, "request" | "deadline"> {
  saveTo: SaveFolder | undefined;
  /** Stops following the run. Set when the task ends as soon as the run has an id. */
  leave: (() => void) | undefined;
}

type SendEvent = (event: TaskEvent) => Promise<void>;

function createTask(options: RoderOptions, send: SendEvent, { request, deadline, leave, saveTo }: TaskWork): HostJob {
  const { ambient } = options;
  const stop = new AbortController();
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
      stop.abort(new Stopped("host"));
      output.flush();
    },
    async end(result) {
      if (hasEnded) return;
      const saved =
        "outcome" in result && saveTo && (await save(options, result.outcome, { ...saveTo, deadline, stop }));
      const terminal = terminalEvent(result, saved || undefined);
      if (terminal.type === "failed") log.fail(terminal.error);
      if ("outcome" in result) log.end(result.outcome);
      if (saved) log.saved(saved);
      await finish(terminal);
    },
  };
}

/** A run that ended badly is a completed task with an exit code; `failed` is for a run without a known outcome. */
function terminalEvent(result: RunResult, saved?: Saved): TaskEvent {
  if ("failure" in result) return { type: "failed", error: taskFailureText(result.failure) };
  const { outcome } = result;
  return { type: "completed", result: { exit_code: exitCode(outcome), payload: toPayload(outcome, saved) } };
}

/** Saves within what is left of the task's time. The answer is complete without it, so it never rejects. */
async function save(
  { registry, ambient, saveArtifacts }: RoderOptions,
  outcome: Outcome,
  { workspace, folder, deadline, stop }: SaveFolder & { deadline: number; stop: AbortController },
): Promise<Saved> {
  if (!saveArtifacts || !outcome.run) return [];
  try {
    const target = await folderIn(workspace, folder, outcome.run.runId, ambient);
    const kept = { ...outcome, artifacts: withContent(outcome.artifacts) };
    return await registry.finish(deadline, (signal) =>
      saveArtifacts(kept, target, AbortSignal.any([signal, stop.signal])),
    );
  } catch (error) {
    return { problem: asFailure(error).message };
  }
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

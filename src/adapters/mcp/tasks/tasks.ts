/**
 * Tasks of revision 2025-11-25: a start that is answered with a task, whose result is asked for later. A task is a run of this
 * process; nobody needs them, since the tools say the same.
 */
import { RELATED_TASK_META } from "#protocols/mcp";
import type { Ambient } from "../../../support/ambient.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import type { Call } from "../calls/call.ts";
import type { RunTools } from "../tools/run-tools.ts";
import { POLL_MS, type Task, type TaskStatus, TaskStore, taskTimes } from "./task-store.ts";

const STATUS: Readonly<Record<string, TaskStatus>> = {
  awaiting_approval: "input_required",
  completed: "completed",
  failed: "failed",
  timed_out: "failed",
  blocked: "failed",
  cancelled: "cancelled",
};

export class Tasks {
  readonly #tools: RunTools;
  readonly #store: TaskStore;

  constructor(tools: RunTools, ambient: Ambient) {
    this.#tools = tools;
    this.#store = new TaskStore(ambient);
  }

  /** Starts a run and returns its task. Throws why there is none. */
  async create(call: Call, ttl: number | null): Promise<object> {
    if (call.name !== "seren_dispatch") {
      throw new ExecutionFailure("unsupported", `${call.name} returns at once and cannot be a task`);
    }
    return { task: shown(this.#store.add(await this.#tools.start(call), ttl)) };
  }

  async get(taskId: string): Promise<object> {
    const task = this.#task(taskId);
    if (task.status === "working" || task.status === "input_required") {
      const { state } = await this.#tools.stateOf({ own: task.own, runId: task.id });
      this.#store.set(task, STATUS[state.status] ?? "working");
    }
    return shown(task);
  }

  /** Resolves at the end of the run, or with the call. */
  async result(taskId: string, call: Call): Promise<object> {
    const { own } = this.#task(taskId);
    const result = await this.#tools.tellEnd(own, { ...call, taskId });
    return { ...result, _meta: { [RELATED_TASK_META]: { taskId } } };
  }

  cancel(taskId: string): object {
    const task = this.#task(taskId);
    if (!this.#tools.cancelRun(task.own)) {
      throw new ExecutionFailure("invalid_input", "the task has ended and cannot be cancelled");
    }
    this.#store.set(task, "cancelled");
    return shown(task);
  }

  #task(taskId: string): Task {
    const task = this.#store.find(taskId);
    if (!task) throw new ExecutionFailure("invalid_input", "there is no task with this id");
    return task;
  }
}

function shown(task: Task) {
  return { taskId: task.id, status: task.status, ...taskTimes(task), ttl: task.ttl, pollInterval: POLL_MS };
}

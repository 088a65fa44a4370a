/**
 * Tasks of revision 2025-11-25: a start that is answered with a task, whose result is asked for later. A task is a run of this
 * process; nobody needs them, since the tools say the same.
 */
import { RELATED_TASK_META } from "#protocols/mcp";
import type { BackgroundRun } from "../../core/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { Call } from "./call.ts";
import type { RunTools } from "./run-tools.ts";

const POLL_MS = 5_000;
/** Tasks that are remembered; a run that goes on is among the last. */
const MAX_TASKS = 1_024;

type Status = "working" | "input_required" | "completed" | "failed" | "cancelled";

const STATUS: Readonly<Record<string, Status>> = {
  awaiting_approval: "input_required",
  completed: "completed",
  failed: "failed",
  timed_out: "failed",
  blocked: "failed",
  cancelled: "cancelled",
};

interface Task {
  readonly own: BackgroundRun;
  readonly createdAt: number;
  readonly ttl: number | null;
  status: Status;
  updatedAt: number;
}

export class Tasks {
  readonly #tools: RunTools;
  readonly #ambient: Ambient;
  readonly #tasks = new Map<string, Task>();

  constructor(tools: RunTools, ambient: Ambient) {
    this.#tools = tools;
    this.#ambient = ambient;
  }

  /** Starts a run and returns its task. Throws why there is none. */
  async create(call: Call, ttl: number | null): Promise<object> {
    if (call.name !== "seren_dispatch") {
      throw new ExecutionFailure("unsupported", `${call.name} returns at once and cannot be a task`);
    }
    const own = await this.#tools.start(call);
    const now = this.#ambient.now();
    const taskId = own.run?.runId ?? own.temporaryId;
    this.#tasks.set(taskId, { own, createdAt: now, updatedAt: now, ttl, status: "working" });
    for (const oldest of this.#tasks.keys()) {
      if (this.#tasks.size <= MAX_TASKS) break;
      this.#tasks.delete(oldest);
    }
    return { task: this.#shown(taskId, this.#task(taskId)) };
  }

  async get(taskId: string): Promise<object> {
    const task = this.#task(taskId);
    if (task.status === "working" || task.status === "input_required") {
      const { status } = await this.#tools.stateOf(task.own);
      this.#set(task, STATUS[status] ?? "working");
    }
    return this.#shown(taskId, task);
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
    this.#set(task, "cancelled");
    return this.#shown(taskId, task);
  }

  #task(taskId: string): Task {
    const task = this.#tasks.get(taskId);
    if (!task) throw new ExecutionFailure("invalid_input", "there is no task with this id");
    return task;
  }

  #set(task: Task, status: Status): void {
    if (task.status === status) return;
    task.status = status;
    task.updatedAt = this.#ambient.now();
  }

  #shown(taskId: string, { status, createdAt, updatedAt, ttl }: Task) {
    return {
      taskId,
      status,
      createdAt: new Date(createdAt).toISOString(),
      lastUpdatedAt: new Date(updatedAt).toISOString(),
      ttl,
      pollInterval: POLL_MS,
    };
  }
}

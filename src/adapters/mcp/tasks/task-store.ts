/** The tasks of this server: runs that were started for a client that asks for their results later. */
import type { BackgroundRun } from "../../../core/index.ts";
import type { Ambient } from "../../../support/ambient.ts";
import { RecentMap } from "../../../support/recent-map.ts";

/** Tasks that are remembered; a run that goes on is among the last. */
const MAX_TASKS = 1_024;

/** How often a client should look, in milliseconds. */
export const POLL_MS = 5_000;

export type TaskStatus = "working" | "input_required" | "completed" | "failed" | "cancelled";

export interface Task {
  /** The id of its run, or the temporary one. */
  readonly id: string;
  readonly own: BackgroundRun;
  readonly createdAt: number;
  readonly ttl: number | null;
  status: TaskStatus;
  updatedAt: number;
}

export class TaskStore {
  readonly #ambient: Ambient;
  readonly #tasks = new RecentMap<string, Task>(MAX_TASKS);

  constructor(ambient: Ambient) {
    this.#ambient = ambient;
  }

  add(own: BackgroundRun, ttl: number | null): Task {
    const now = this.#ambient.now();
    const id = own.run?.runId ?? own.temporaryId;
    const task: Task = { id, own, createdAt: now, updatedAt: now, ttl, status: "working" };
    this.#tasks.set(id, task);
    return task;
  }

  find(id: string): Task | undefined {
    return this.#tasks.get(id);
  }

  set(task: Task, status: TaskStatus): void {
    if (task.status === status) return;
    task.status = status;
    task.updatedAt = this.#ambient.now();
  }
}

/** When a task was made and when its status last changed, as both revisions write it. */
export function taskTimes({ createdAt, updatedAt }: Pick<Task, "createdAt" | "updatedAt">) {
  return { createdAt: new Date(createdAt).toISOString(), lastUpdatedAt: new Date(updatedAt).toISOString() };
}

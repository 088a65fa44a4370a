/** A task under Roder's background runner, as its clients see it. */
import * as z from "zod";
import { TASK_STREAMS } from "#protocols/roder-extension";
import type { RoderHost } from "./host.ts";

const OfTask = z.looseObject({ task_id: z.string() });
const EventSchema = z.union([
  z.object({ TaskCompleted: OfTask.extend({ exit_code: z.int().nullish(), payload: z.looseObject({}).nullable() }) }),
  z.object({ TaskFailed: OfTask.extend({ error: z.string(), error_kind: z.string().nullish() }) }),
  z.object({ TaskCancelled: OfTask }),
  z.object({ TaskOutput: OfTask.extend({ stream: z.enum(TASK_STREAMS), chunk: z.string() }) }),
]);

export interface TaskEnding {
  state: "completed" | "failed" | "cancelled";
  exitCode?: number | null | undefined;
  payload?: Record<string, unknown> | null;
  error?: string;
  errorKind?: string | null | undefined;
}

const ShownSchema = z.object({
  state: z.string(),
  log: z.array(z.object({ stream: z.enum(TASK_STREAMS), chunk: z.string() })),
  dropped_bytes: z.int(),
});

export class Task {
  readonly #host: RoderHost;
  readonly #id: number;
  readonly #taskId: string;

  constructor(host: RoderHost, id: number, taskId: string) {
    this.#host = host;
    this.#id = id;
    this.#taskId = taskId;
  }

  /** The closing event. The log is complete by then. */
  ended(): Promise<TaskEnding> {
    return this.#host.find(({ event }): TaskEnding | undefined => {
      const seen = EventSchema.safeParse(event).data;
      if (!seen) return undefined;
      if ("TaskCompleted" in seen && seen.TaskCompleted.task_id === this.#taskId) {
        const { exit_code, payload } = seen.TaskCompleted;
        return { state: "completed", exitCode: exit_code, payload };
      }
      if ("TaskFailed" in seen && seen.TaskFailed.task_id === this.#taskId) {
        const { error, error_kind } = seen.TaskFailed;
        return { state: "failed", error, errorKind: error_kind };
      }
      if ("TaskCancelled" in seen && seen.TaskCancelled.task_id === this.#taskId) return { state: "cancelled" };
      return undefined;
    });
  }

  /** The first chunk of a stream, past or future. */
  output(stream: (typeof TASK_STREAMS)[number]): Promise<string> {
    return this.#host.find(({ event }) => this.#chunkOf(event, stream));
  }

  /** All chunks so far, in order. */
  chunks(stream?: (typeof TASK_STREAMS)[number]): string[] {
    return this.#host.findings.flatMap(({ event }) => this.#chunkOf(event, stream) ?? []);
  }

  async cancel(): Promise<unknown> {
    return this.#host.ask({ do: "cancel_task", target: this.#id });
  }

  /** What `tasks/get` shows. */
  async show(): Promise<z.output<typeof ShownSchema>> {
    return ShownSchema.parse(await this.#host.ask({ do: "task", target: this.#id }));
  }

  #chunkOf(event: unknown, stream: string | undefined): string | undefined {
    const seen = EventSchema.safeParse(event).data;
    if (!seen || !("TaskOutput" in seen) || seen.TaskOutput.task_id !== this.#taskId) return undefined;
    return stream === undefined || seen.TaskOutput.stream === stream ? seen.TaskOutput.chunk : undefined;
  }
}

/**
 * A model of Roder's process host: one reader for all output of the child, a channel with a capacity of 256 for each dispatch
 * and task, and a lock around each of the two maps of channels, which the reader holds while a channel is full.
 */
import * as z from "zod";
import {
  type SubagentEvent,
  SubagentEventParamsSchema,
  type SubagentResult,
  type TaskEvent,
  TaskEventParamsSchema,
} from "#protocols/roder-extension";
import type { Ambient } from "../../../src/support/ambient.ts";
import { Channel, Lock } from "./channel.ts";
import { InvalidUtf8, parseLine, readLines } from "./line-reader.ts";
import { TaskLogRing } from "./task-log-ring.ts";

const REQUEST_MS = 30_000;
const DEFAULT_DISPATCH_SECONDS = 1800;

export type Json = Record<string, unknown>;
/** Receives a status. The next one follows when it resolves. */
export type TraceSink = (status: string) => Promise<void> | void;

export interface ChildEnds {
  /** Writes a line to the child's stdin. */
  write(line: string): void;
  /** Returns bytes of the child's stdout; undefined at its end. */
  read(): Promise<Buffer | undefined>;
}

export interface DispatchOptions {
  sink?: TraceSink;
  /** Aborts when the caller goes away. */
  dropped?: AbortSignal;
}

interface TaskEnd {
  state: "completed" | "failed";
  error?: string;
  result?: Extract<TaskEvent, { type: "completed" }>["result"];
  log: TaskLogRing;
}

const MessageSchema = z.looseObject({
  id: z.unknown().optional(),
  method: z.unknown().optional(),
  params: z.unknown().optional(),
});

export class RoderModel {
  /** Lines that the host prints to its own stderr. */
  readonly notes: string[] = [];
  /** Resolves when the reader has ended. */
  readonly ended: Promise<void>;
  readonly #ambient: Ambient;
  readonly #child: ChildEnds;
  readonly #pending = new Map<number, (answer: { result: unknown } | { error: string }) => void>();
  readonly #dispatches = new Map<string, Channel<SubagentEvent | Error>>();
  readonly #dispatchLock = new Lock();
  readonly #tasks = new Map<string, Channel<TaskEvent | Error>>();
  readonly #taskLock = new Lock();
  #lastId = 0;
  #count = 0;

  constructor(ambient: Ambient, child: ChildEnds) {
    this.#ambient = ambient;
    this.#child = child;
    this.ended = this.#read();
  }

  /** Returns the result. Rejects with the host's message for an error, and when there is no reply for 30 s. */
  async request(method: string, params: object): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = await new Promise<{ result: unknown } | { error: string }>((resolve) => {
      const stop = this.#ambient.timer(REQUEST_MS, () => resolve({ error: "" }));
      this.#pending.set(id, (given) => {
        stop();
        resolve(given);
      });
      this.#child.write(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
    this.#pending.delete(id);
    if ("result" in answer) return answer.result;
    throw new Error(
      answer.error === "" ? `process extension timed out answering ${method}` : `${method} failed: ${answer.error}`,
    );
  }

  async dispatch(request: Json, { sink, dropped }: DispatchOptions = {}): Promise<SubagentResult> {
    const dispatchId = this.#id();
    const channel = new Channel<SubagentEvent | Error>();
    await this.#dispatchLock.hold(() => void this.#dispatches.set(dispatchId, channel));
    const unregister = () => this.#dispatchLock.hold(() => void this.#dispatches.delete(dispatchId));
    dropped?.addEventListener("abort", () => channel.close());
    const wrapped = {
      dispatcherId: "seren-cloud",
      dispatchId,
      parentThreadId: "th",
      parentTurnId: "tu",
      request: { description: "d", ...request },
    };
    try {
      const ack = await this.request("subagents/dispatch", wrapped);
      if (z.looseObject({ dispatchId: z.string() }).parse(ack).dispatchId !== dispatchId)
        throw new Error("process extension acknowledged another dispatch");
    } catch (error) {
      void unregister();
      throw error;
    }
    const seconds = typeof request.timeout_seconds === "number" ? request.timeout_seconds : DEFAULT_DISPATCH_SECONDS;
    const deadline = this.#ambient.now() + seconds * 1000;
    for (;;) {
      const event = await channel.receive(this.#ambient, deadline);
      if (dropped?.aborted) throw new Error("dropped");
      if (event instanceof Error)
        throw new Error(`subagent dispatcher seren-cloud failed mid-dispatch: ${event.message}`);
      if (!event) {
        channel.close();
        await unregister();
        const params = { dispatcherId: "seren-cloud", dispatchId, reason: "dispatch timed out" };
        await this.request("subagents/cancel", params).catch(() => undefined);
        throw new Error(`subagent dispatcher seren-cloud timed out after ${seconds}s`);
      }
      if (event.type === "completed") return event.result;
      if (event.type === "failed") throw new Error(`subagent dispatcher seren-cloud failed: ${event.error}`);
      await sink?.(event.detail == null ? event.status : `${event.status}: ${event.detail}`);
    }
  }

  async execute(input: unknown): Promise<TaskEnd> {
    const executionId = this.#id();
    const channel = new Channel<TaskEvent | Error>();
    const log = new TaskLogRing();
    await this.#taskLock.hold(() => void this.#tasks.set(executionId, channel));
    try {
      await this.request("tasks/execute", { executorId: "seren-cloud-run", executionId, taskId: executionId, input });
    } catch (error) {
      return { state: "failed", error: error instanceof Error ? error.message : "", log };
    }
    for (;;) {
      const event = await channel.receive(this.#ambient);
      if (!event || event instanceof Error) return { state: "failed", error: "process extension exited", log };
      if (event.type === "completed") return { state: "completed", result: event.result, log };
      if (event.type === "failed")
        return { state: "failed", error: `task executor seren-cloud-run failed: ${event.error}`, log };
      log.push(event.stream, event.chunk);
    }
  }

  #id(): string {
    this.#count += 1;
    return `00000000-0000-4000-8000-${String(this.#count).padStart(12, "0")}`;
  }

  async #read(): Promise<void> {
    try {
      for await (const line of readLines(() => this.#child.read())) if (line !== "") await this.#take(line);
    } catch (error) {
      if (!(error instanceof InvalidUtf8)) throw error;
      this.notes.push(`stdout read failed: ${error.message}`);
    }
    for (const answer of this.#pending.values()) answer({ error: "process extension exited" });
    for (const channel of [...this.#dispatches.values(), ...this.#tasks.values()])
      await channel.send(new Error("process extension exited"));
  }

  async #take(line: string): Promise<void> {
    const value = parseLine(line);
    if (value === undefined) {
      this.notes.push("dropped non-JSON stdout line");
      return;
    }
    const parsed = MessageSchema.safeParse(value);
    if (!parsed.success) return;
    const message = parsed.data;
    if (Number.isInteger(message.id) && Number(message.id) >= 0)
      this.#pending.get(Number(message.id))?.(answerIn(message));
    else if (message.method === "subagents/event") await this.#subagentEvent(message.params);
    else if (message.method === "tasks/event") await this.#taskEvent(message.params);
  }

  async #subagentEvent(params: unknown): Promise<void> {
    const { data } = SubagentEventParamsSchema.safeParse(params);
    if (!data) return; // dropped silently, as the host does
    await this.#dispatchLock.hold(async () => {
      await this.#dispatches.get(data.dispatchId)?.send(data.event);
      if (data.event.type !== "status") this.#dispatches.delete(data.dispatchId);
    });
  }

  async #taskEvent(params: unknown): Promise<void> {
    const { data } = TaskEventParamsSchema.safeParse(params);
    if (!data) return;
    await this.#taskLock.hold(async () => {
      await this.#tasks.get(data.executionId)?.send(data.event);
      if (data.event.type !== "output") this.#tasks.delete(data.executionId);
    });
  }
}

function answerIn(message: Json): { result: unknown } | { error: string } {
  if (!("error" in message)) return { result: message.result ?? null };
  const { data } = z.looseObject({ message: z.string() }).safeParse(message.error);
  return { error: data?.message ?? "unknown process extension error" };
}

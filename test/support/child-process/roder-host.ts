/** A Roder host: ids count from 1, requests run concurrently, and events belong to a dispatch or an execution. */

import { join } from "node:path";
import * as z from "zod";
import {
  DispatchAckSchema,
  ExecuteAckSchema,
  InitializeResultSchema,
  SubagentDefinitionSchema,
  type SubagentEvent,
  SubagentEventParamsSchema,
  type TaskEvent,
  TaskEventParamsSchema,
  TaskSpecSchema,
  ToolResultSchema,
} from "#protocols/roder-extension";
import { Child, type Exit, ROOT, type StartOptions } from "./child.ts";
import type { Json, Message } from "./line-check.ts";
import { INITIALIZE } from "./roder-initialize.ts";

const NothingSchema = z.strictObject({});
const RESULTS: Readonly<Record<string, z.ZodType>> = {
  "extension/initialize": InitializeResultSchema,
  "extension/shutdown": NothingSchema,
  "subagents/definitions": z.strictObject({ definitions: z.array(SubagentDefinitionSchema) }),
  "subagents/dispatch": DispatchAckSchema,
  "subagents/cancel": NothingSchema,
  "tasks/spec": z.strictObject({ spec: TaskSpecSchema }),
  "tasks/execute": ExecuteAckSchema,
  "tasks/cancel": NothingSchema,
  "tools/call": ToolResultSchema,
};

export const MANIFEST_PATH = join(ROOT, "roder-extension.toml");
export interface Reply {
  result?: Json;
  error?: { code: number; message: string };
}
type AnyEvent = SubagentEvent | TaskEvent;

export class RoderHost {
  readonly child: Child;
  #lastId = 0;

  constructor(options: StartOptions = {}) {
    this.child = new Child("roder", options);
  }

  /** Returns a host after its handshake. */
  static async initialized(options: StartOptions = {}): Promise<RoderHost> {
    const host = new RoderHost(options);
    await host.result("extension/initialize", INITIALIZE);
    return host;
  }

  /** Sends a request, with the next id by default, and returns its reply. */
  async ask(method: string, params: unknown = {}, id = this.#nextId()): Promise<Reply> {
    this.child.send({ jsonrpc: "2.0", id, method, params });
    return this.replyTo(id, method);
  }

  /** Sends a request and returns its result. Throws if the reply is an error. */
  async result(method: string, params: unknown = {}): Promise<Json> {
    const { result, error } = await this.ask(method, params);
    if (!result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  async replyTo(id: string | number, method: string): Promise<Reply> {
    const message = await this.child.message(await this.child.find((one) => "id" in one && one.id === id));
    if (message.kind === "error") return { error: message.error };
    if (message.kind !== "result") throw new Error("not a reply");
    RESULTS[method]?.parse(message.result);
    return { result: message.result };
  }

  dispatch(dispatchId: string, request: Json): Promise<Reply> {
    const params = { dispatcherId: "seren-cloud", dispatchId, parentThreadId: "th-1", parentTurnId: "tu-1" };
    return this.ask("subagents/dispatch", { ...params, request: { description: "d", ...request } });
  }

  cancelDispatch(dispatchId: string): Promise<Reply> {
    return this.ask("subagents/cancel", { dispatcherId: "seren-cloud", dispatchId, reason: "dispatch timed out" });
  }

  execute(executionId: string, input: unknown): Promise<Reply> {
    return this.ask("tasks/execute", { executorId: "seren-cloud-run", executionId, taskId: "t-1", input });
  }

  cancelTask(executionId: string): Promise<Reply> {
    const params = { executorId: "seren-cloud-run", executionId, reason: "task cancelled by host" };
    return this.ask("tasks/cancel", params);
  }

  async tool(toolName: string, args: unknown): Promise<z.output<typeof ToolResultSchema>> {
    const params = { providerId: "seren-cloud-tools", toolName, callId: "c", threadId: "th-1", turnId: "tu-1" };
    return ToolResultSchema.parse(await this.result("tools/call", { ...params, arguments: args }));
  }

  /** Returns the first event of a dispatch or execution that fits, as soon as it has arrived. */
  async event(id: string, fits: (event: AnyEvent) => boolean): Promise<AnyEvent> {
    const at = await this.child.find((message) => {
      const event = eventOf(message, id);
      return event !== undefined && fits(event);
    });
    const message = await this.child.message(at);
    return eventOf(message, id) as AnyEvent;
  }

  /** Returns the terminal event of a dispatch or execution. */
  terminal(id: string): Promise<AnyEvent> {
    return this.event(id, isTerminal);
  }

  /** Returns the events of a dispatch or execution so far. */
  events(id: string): AnyEvent[] {
    return this.child.messages.flatMap((message) => eventOf(message, id) ?? []);
  }

  end(): Promise<Exit> {
    return this.child.end();
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}

export const isTerminal = ({ type }: AnyEvent) => type === "completed" || type === "failed";

function eventOf(message: Message, id: string): AnyEvent | undefined {
  if (message.kind !== "notification") return undefined;
  if (message.method === "subagents/event") {
    const { dispatchId, event } = SubagentEventParamsSchema.parse(message.params);
    return dispatchId === id ? event : undefined;
  }
  const { executionId, event } = TaskEventParamsSchema.parse(message.params);
  return executionId === id ? event : undefined;
}

/** An MCP client: one that shakes hands, one whose requests stand for themselves, or both in one process. */
import * as z from "zod";
import { PROTOCOL_VERSION_META } from "#protocols/mcp";
import * as handshake from "../../../protocols/mcp/2025-11-25/sent.ts";
import * as stateless from "../../../protocols/mcp/2026-07-28/sent.ts";
import { Child, type Exit, type StartOptions } from "./child.ts";
import type { Json, Message } from "./line-check.ts";
import { CLIENT } from "./mcp-envelope.ts";

export type CallResult = z.output<typeof handshake.CallToolResultSchema> & { structuredContent?: Json };
export interface Reply {
  result?: Json;
  error?: { code: number; message: string; data?: Json };
}
type Request = Extract<Message, { kind: "request" }>;

const HANDSHAKE: Readonly<Record<string, z.ZodType>> = {
  initialize: handshake.InitializeResultSchema,
  "tools/list": handshake.ListToolsResultSchema,
  "tools/call": handshake.CallToolResultSchema.or(handshake.CreateTaskResultSchema),
  "resources/list": handshake.ListResourcesResultSchema,
  "resources/templates/list": handshake.ListResourceTemplatesResultSchema,
  "resources/read": handshake.ReadResourceResultSchema,
  "tasks/get": handshake.GetTaskResultSchema,
  "tasks/cancel": handshake.GetTaskResultSchema,
  "tasks/result": handshake.CallToolResultSchema,
};
const STATELESS: Readonly<Record<string, z.ZodType>> = {
  "server/discover": stateless.DiscoverResultSchema,
  "tools/list": stateless.ListToolsResultSchema,
  "resources/list": stateless.ListResourcesResultSchema,
  "resources/templates/list": stateless.ListResourceTemplatesResultSchema,
  "resources/read": stateless.ReadResourceResultSchema,
  "tools/call": z.union([
    stateless.CallToolResultSchema,
    stateless.InputRequiredResultSchema,
    stateless.CreateTaskResultSchema,
  ]),
  "tasks/get": stateless.GetTaskResultSchema,
  "tasks/update": stateless.AcknowledgedSchema,
  "tasks/cancel": stateless.AcknowledgedSchema,
};

export class McpHost {
  readonly child: Child;
  #lastId = 0;

  constructor(options: StartOptions = {}) {
    this.child = new Child("mcp", options);
  }

  /** Returns a host after its handshake. */
  static async initialized(
    options: StartOptions = {},
    { revision = "2025-11-25", capabilities = {} }: { revision?: string; capabilities?: object } = {},
  ): Promise<McpHost> {
    const host = new McpHost(options);
    await host.initialize(revision, capabilities);
    host.notify("notifications/initialized");
    return host;
  }

  initialize(protocolVersion: unknown = "2025-11-25", capabilities: object = {}): Promise<Json> {
    return this.result("initialize", { protocolVersion, capabilities, clientInfo: CLIENT });
  }

  notify(method: string, params: object = {}): void {
    this.child.send({ jsonrpc: "2.0", method, params });
  }

  /** Sends a request without waiting for its answer. Returns its id. */
  send(method: string, params: object = {}): number {
    this.#lastId += 1;
    this.child.send({ jsonrpc: "2.0", id: this.#lastId, method, params });
    return this.#lastId;
  }

  async ask(method: string, params: object = {}): Promise<Reply> {
    return this.replyTo(this.send(method, params), method, "_meta" in params ? params._meta : undefined);
  }

  async result(method: string, params: object = {}): Promise<Json> {
    const { result, error } = await this.ask(method, params);
    if (!result) throw new Error(`${method}: ${error?.message}`);
    return result;
  }

  async replyTo(id: number, method: string, meta?: unknown): Promise<Reply> {
    const at = await this.child.find((one) => (one.kind === "result" || one.kind === "error") && one.id === id);
    const message = await this.child.message(at);
    if (message.kind === "error") return { error: message.error as NonNullable<Reply["error"]> };
    if (message.kind !== "result") throw new Error("not a reply");
    const isStateless = typeof meta === "object" && meta !== null && PROTOCOL_VERSION_META in meta;
    (isStateless ? STATELESS : HANDSHAKE)[method]?.parse(message.result);
    return { result: message.result };
  }

  /** Calls a tool. */
  async call(name: string, args: object = {}, more: object = {}): Promise<CallResult> {
    return (await this.result("tools/call", { name, arguments: args, ...more })) as CallResult;
  }

  /** Calls a tool and returns its structured form; throws when there is none. */
  async state(name: string, args: object = {}, more: object = {}): Promise<Json> {
    const { structuredContent, content } = await this.call(name, args, more);
    if (!structuredContent) throw new Error(`${name}: ${content[0]?.text}`);
    return structuredContent;
  }

  sendCall(name: string, args: object = {}, more: object = {}): number {
    return this.send("tools/call", { name, arguments: args, ...more });
  }

  /** Returns a request of the server, as soon as it has arrived. */
  async asked(from = 0): Promise<Request> {
    return (await this.child.message(await this.child.find(({ kind }) => kind === "request", from))) as Request;
  }

  /** The server's requests so far. */
  get requests(): Request[] {
    return this.child.messages.filter((message) => message.kind === "request");
  }

  answer(id: Request["id"], result: unknown): void {
    this.child.send({ jsonrpc: "2.0", id, result });
  }

  refuse(id: Request["id"], error: object): void {
    this.child.send({ jsonrpc: "2.0", id, error });
  }

  progress(token: string): Json[] {
    return this.child.messages.flatMap((one) =>
      one.kind === "notification" && one.params.progressToken === token ? [one.params] : [],
    );
  }

  end(): Promise<Exit> {
    return this.child.end();
  }
}

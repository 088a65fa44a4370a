/** An MCP client: one that shakes hands, one whose requests stand for themselves, or both in one process. */
import * as z from "zod";
import { PROTOCOL_VERSION_META } from "#protocols/mcp";
import * as handshake from "../../../protocols/mcp/2025-11-25/sent.ts";
import * as stateless from "../../../protocols/mcp/2026-07-28/sent.ts";
import type { StartOptions } from "./child.ts";
import type { Json } from "./line-check.ts";
import { CLIENT } from "./mcp-envelope.ts";
import { RpcHost } from "./rpc-host.ts";

export type CallResult = z.output<typeof handshake.CallToolResultSchema> & { structuredContent?: Json };

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

export class McpHost extends RpcHost {
  constructor(options: StartOptions = {}) {
    super("mcp", options);
  }

  protected schemaOf(method: string, params: object): z.ZodType | undefined {
    const { _meta: meta } = params as { _meta?: unknown };
    const isStateless = typeof meta === "object" && meta !== null && PROTOCOL_VERSION_META in meta;
    return (isStateless ? STATELESS : HANDSHAKE)[method];
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

  progress(token: string): Json[] {
    return this.child.messages.flatMap((one) =>
      one.kind === "notification" && one.params.progressToken === token ? [one.params] : [],
    );
  }
}

/** Checks a line of stdout. It is stricter than both hosts, because it knows what this program may write. */
import * as z from "zod";
import { CancelRequestParamsSchema, PermissionParamsSchema, SessionUpdateParamsSchema } from "#protocols/acp";
import {
  COURIER_EVENT_METHOD,
  CourierErrorDataSchema,
  CourierEventSchema,
  CourierResultSchema,
} from "#protocols/dispatch-courier";
import { DeploymentErrorDataSchema, DeploymentResultSchema } from "#protocols/dispatch-deployment";
import { type RpcError, RpcFailureSchema, type RpcId, RpcSuccessSchema } from "#protocols/json-rpc";
import { SubagentEventParamsSchema, TaskEventParamsSchema } from "#protocols/roder-extension";
import {
  CancelledParamsSchema,
  ElicitParamsSchema,
  ProgressParamsSchema,
} from "../../../protocols/mcp/2025-11-25/sent.ts";

export type Mode = "courier" | "deployment" | "roder" | "mcp" | "acp";
export type Json = Record<string, unknown>;
export type Message =
  | { kind: "notification"; method: string; params: Json }
  /** A request of ours to the host. */
  | { kind: "request"; id: RpcId; method: string; params: Json }
  | { kind: "result"; id: RpcId; result: Json }
  | { kind: "error"; id: RpcId | null; error: RpcError };

const MAX_LINE_BYTES = 1_048_576;

const NotificationSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  method: z.string(),
  params: z.looseObject({}),
});

/** Our ids are strings that cannot be taken for the host's. */
const RequestSchema = NotificationSchema.extend({ id: z.string().regex(/^s\d+$/) });

const EVENTS: Readonly<Record<Mode, Readonly<Record<string, z.ZodType>>>> = {
  courier: { [COURIER_EVENT_METHOD]: CourierEventSchema },
  deployment: {},
  roder: { "subagents/event": SubagentEventParamsSchema, "tasks/event": TaskEventParamsSchema },
  mcp: { "notifications/progress": ProgressParamsSchema, "notifications/cancelled": CancelledParamsSchema },
  acp: { "session/update": SessionUpdateParamsSchema, "$/cancel_request": CancelRequestParamsSchema },
};

const REQUESTS: Readonly<Record<Mode, Readonly<Record<string, z.ZodType>>>> = {
  courier: {},
  deployment: {},
  roder: {},
  mcp: { "elicitation/create": ElicitParamsSchema },
  acp: { "session/request_permission": PermissionParamsSchema },
};

/** Returns the message on a line (without its newline). Throws if the host would not accept it. */
export function checkLine(line: Buffer, mode: Mode): Message {
  if (line.length + 1 > MAX_LINE_BYTES) throw new Error(`a line of ${line.length + 1} bytes`);
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
  const value: unknown = JSON.parse(text);
  // Compact, no duplicate member, canonical numbers, and nothing before or after it.
  if (JSON.stringify(value) !== text) throw new Error("not what JSON.stringify writes");
  requireWellFormed(value);
  const message = toMessage(value);
  checkPayload(message, mode);
  return message;
}

function toMessage(value: unknown): Message {
  if (typeof value !== "object" || value === null) throw new Error("not an object");
  if ("method" in value && "id" in value) {
    const { id, method, params } = RequestSchema.parse(value);
    return { kind: "request", id, method, params };
  }
  if ("method" in value) {
    const { method, params } = NotificationSchema.parse(value);
    return { kind: "notification", method, params };
  }
  if ("error" in value) {
    const { id, error } = RpcFailureSchema.parse(value);
    return { kind: "error", id, error };
  }
  const { id, result } = RpcSuccessSchema.parse(value);
  return { kind: "result", id, result };
}

function checkPayload(message: Message, mode: Mode): void {
  if (message.kind === "notification" || message.kind === "request") {
    const schema = (message.kind === "request" ? REQUESTS : EVENTS)[mode][message.method];
    if (!schema) throw new Error(`the host does not know ${message.method}`);
    schema.parse(message.params);
  } else if (mode === "courier") {
    if (message.kind === "result") CourierResultSchema.parse(message.result);
    else CourierErrorDataSchema.parse(message.error.data);
  } else if (mode === "deployment") {
    if (message.kind === "result") DeploymentResultSchema.parse(message.result);
    else DeploymentErrorDataSchema.parse(message.error.data);
  }
}

/** Throws at a lone surrogate: both hosts reject a line with such an escape. */
function requireWellFormed(value: unknown): void {
  if (typeof value === "string" && !value.isWellFormed()) throw new Error("a lone surrogate");
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    requireWellFormed(name);
    requireWellFormed(inner);
  }
}

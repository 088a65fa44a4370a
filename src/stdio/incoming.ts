/** Classifies one line of the host. */
import { type RpcId, RpcIdSchema, RpcNotificationSchema, RpcRequestSchema } from "#protocols/json-rpc";
import { describeIssues, JITLESS } from "../support/zod.ts";

export type LineProblem = "parse_error" | "invalid_request";

/** What the host answers to a request of ours. `unreadable` holds why, as a half sentence. */
export type HostResult =
  | { kind: "value"; value: unknown }
  | { kind: "error"; error: unknown }
  | { kind: "unreadable"; problem: string };

/** `id` is null when it is missing or no id at all. */
export interface HostResponse {
  kind: "response";
  id: RpcId | null;
  result: HostResult;
}

export type Incoming =
  | { kind: "request"; id: RpcId; method: string; params: unknown }
  | { kind: "notification"; method: string; params: unknown }
  | HostResponse
  /** A blank line. */
  | { kind: "ignored" }
  /** `id` is null when the line does not tell whose request it is. */
  | { kind: "refused"; problem: LineProblem; id: RpcId | null; detail: string };

/** Deepest message that is passed on. Both hosts parse what they pass on with serde_json, whose own limit is 127. */
const MAX_DEPTH = 256;
/** Above these a line is not parsed at all: every level and every value costs many times its bytes in memory. */
const MAX_PARSED_DEPTH = 100_000;
const MAX_PARSED_VALUES = 4_000_000;

const utf8 = new TextDecoder("utf-8", { fatal: true });

const refused = (problem: LineProblem, detail: string, id: RpcId | null = null): Incoming => ({
  kind: "refused",
  problem,
  id,
  detail,
});

/** Returns what the line is, or why it is refused. Never throws, whatever the bytes are. */
export function judgeLine(line: Buffer): Incoming {
  let text: string;
  try {
    text = utf8.decode(line).trim();
  } catch {
    return refused("parse_error", "the line is not valid UTF-8");
  }
  if (text === "") return { kind: "ignored" };

  const shape = shapeOf(line);
  if (shape.depth > MAX_PARSED_DEPTH || shape.values > MAX_PARSED_VALUES) {
    return refused("invalid_request", "the message has too many values or levels");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused("parse_error", "the line is not valid JSON");
  }
  return judgeValue(value, shape.depth);
}

function judgeValue(value: unknown, depth: number): Incoming {
  if (Array.isArray(value)) return refused("invalid_request", "batches are not supported; send one message per line");
  if (typeof value !== "object" || value === null) return refused("invalid_request", "the message is not an object");
  const id = "id" in value ? (RpcIdSchema.safeParse(value.id, JITLESS).data ?? null) : null;
  // A response is never refused, however odd: two peers that answer each other's answers do not stop.
  if (!("method" in value) && ("result" in value || "error" in value)) {
    return { kind: "response", id, result: resultOf(value, depth) };
  }
  if (depth > MAX_DEPTH) return refused("invalid_request", `the message is nested deeper than ${MAX_DEPTH} levels`, id);
  if (!("id" in value)) {
    const notification = RpcNotificationSchema.safeParse(value, JITLESS);
    return notification.success
      ? { kind: "notification", method: notification.data.method, params: notification.data.params }
      : refused("invalid_request", describeIssues(notification.error));
  }
  const request = RpcRequestSchema.safeParse(value, JITLESS);
  return request.success
    ? { kind: "request", id: request.data.id, method: request.data.method, params: request.data.params }
    : refused("invalid_request", describeIssues(request.error), id);
}

/** Some peers write `"error": null` beside a result. */
function resultOf(response: { result?: unknown; error?: unknown }, depth: number): HostResult {
  if (depth > MAX_DEPTH) return { kind: "unreadable", problem: `it is nested deeper than ${MAX_DEPTH} levels` };
  if (response.error !== undefined && response.error !== null) return { kind: "error", error: response.error };
  if ("result" in response) return { kind: "value", value: response.result };
  return { kind: "unreadable", problem: "it has neither a result nor an error" };
}

/** Returns the depth and the approximate number of values of a JSON text without parsing it. Exact for valid JSON. */
function shapeOf(json: Buffer): { depth: number; values: number } {
  let deepest = 0;
  let depth = 0;
  let values = 1;
  let quoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (quoted) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) quoted = false;
    } else if (byte === 0x22) quoted = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    else if (byte === 0x2c) values += 1;
  }
  return { depth: deepest, values };
}

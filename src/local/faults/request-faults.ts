/** What fault rules do to a request and to its response, whatever the operation. */
import { type Ambient, sleep } from "../../support/ambient.ts";
import { ApiError, edgeHtml } from "../http/api-error.ts";
import { jsonReply, type LocalReply, type LocalResponse } from "../http/exchange.ts";
import { type Lag, NO_LAG } from "../model/run-views.ts";
import { type FaultRule, ruleOf } from "./faults.ts";

/** What the waits of a fault need. Aborting `signal` means that the caller is gone. */
export interface WaitOptions {
  ambient: Ambient;
  signal: AbortSignal | undefined;
}

/** Returns the response in place of the operation, or `undefined` when the operation is to be carried out. */
export async function beforeOperation(
  rules: readonly FaultRule[],
  wait: WaitOptions,
): Promise<LocalResponse | undefined> {
  const delay = ruleOf(rules, "delay");
  if (delay !== undefined && !(await waited(delay.ms, wait))) return { drop: true };
  if (ruleOf(rules, "drop") !== undefined) return { drop: true };
  if (ruleOf(rules, "hang") !== undefined) return untilAborted(wait);
  const status = ruleOf(rules, "status");
  return status && refusal(status);
}

/** Returns what the caller gets in place of `reply`, the response of an operation that was carried out. */
export async function afterOperation(
  rules: readonly FaultRule[],
  reply: LocalReply,
  wait: WaitOptions,
): Promise<LocalResponse> {
  const late = ruleOf(rules, "late_reply");
  if (late !== undefined && !(await waited(late.ms, wait))) return { drop: true };
  const lost = ruleOf(rules, "lost_reply");
  if (lost !== undefined) return loseReply(lost, reply, wait);
  const wrap = ruleOf(rules, "wrap");
  if (wrap !== undefined && typeof reply.body === "string") {
    const body: unknown = wrap.form === "string" ? reply.body : JSON.parse(reply.body);
    return jsonReply(reply.status, { data: { status: reply.status, body } });
  }
  return reply;
}

/** Returns how far the views of this request are behind. */
export function lagOf(rules: readonly FaultRule[]): Lag {
  const lag = ruleOf(rules, "lag");
  if (lag === undefined) return NO_LAG;
  return { statusMs: lag.events_only === true ? 0 : lag.ms, eventsMs: lag.ms };
}

function refusal(rule: Extract<FaultRule, { kind: "status" }>): LocalReply {
  const { status, body = "json", retry_after } = rule;
  const message = rule.message ?? `The service answered ${status}`;
  const reply = jsonReply(status, typeof body === "object" ? body : { error: nameOf(status), message });
  if (retry_after !== undefined) reply.headers["retry-after"] = String(retry_after);
  if (body === "html") setText(reply, "text/html", edgeHtml(status));
  else if (body === "text") setText(reply, "text/plain", message);
  else if (body === "empty") setText(reply, "text/plain", "");
  else if (body === "garbage") setText(reply, "application/json", `{"error":"${nameOf(status)}","mess`);
  return reply;
}

async function loseReply(
  rule: Extract<FaultRule, { kind: "lost_reply" }>,
  reply: LocalReply,
  wait: WaitOptions,
): Promise<LocalResponse> {
  switch (rule.answer) {
    case "drop":
      return { drop: true };
    case "hang":
      return untilAborted(wait);
    case "cut":
      if (typeof reply.body === "string") reply.body = reply.body.slice(0, reply.body.length >> 1);
      return reply;
    case "html":
      return { status: 502, headers: { "content-type": "text/html" }, body: edgeHtml(502) };
    case "unavailable": {
      const seconds = rule.retry_after ?? 1;
      return new ApiError(503, "ServiceUnavailable", "Try again later", { "retry-after": String(seconds) }).toReply();
    }
  }
}

function setText(reply: LocalReply, type: string, text: string): void {
  reply.headers["content-type"] = type;
  reply.body = text;
}

/** Waits for `ms`. Resolves with false when the caller is gone before that. */
async function waited(ms: number, { ambient, signal }: WaitOptions): Promise<boolean> {
  try {
    await sleep(ambient, ms, signal);
    return true;
  } catch {
    return false;
  }
}

function untilAborted({ signal }: WaitOptions): Promise<LocalResponse> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve({ drop: true });
    else signal?.addEventListener("abort", () => resolve({ drop: true }), { once: true });
  });
}

const NAMES: Readonly<Record<number, string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  402: "PaymentRequired",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  429: "TooManyRequests",
  500: "InternalServerError",
  501: "NotImplemented",
  503: "ServiceUnavailable",
};
const nameOf = (status: number) => NAMES[status] ?? `Status${status}`;

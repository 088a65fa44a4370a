/** What the rules of a fault plan do to a request and its reply, whatever the operation. */
import { type Ambient, sleep } from "../../support/ambient.ts";
import { ApiError, edgeHtml } from "../http/api-error.ts";
import { jsonReply, type LocalReply, type LocalResponse } from "../http/exchange.ts";
import { type Lag, NO_LAG } from "../model/run-views.ts";
import { type FaultRule, ruleOf } from "./faults.ts";

/** An answer in place of the operation, or `undefined` when it may go ahead. */
export async function beforeOperation(
  rules: readonly FaultRule[],
  ambient: Ambient,
  signal: AbortSignal | undefined,
): Promise<LocalResponse | undefined> {
  const delay = ruleOf(rules, "delay");
  if (delay !== undefined && !(await waited(ambient, delay.ms, signal))) return { drop: true };
  if (ruleOf(rules, "drop") !== undefined) return { drop: true };
  if (ruleOf(rules, "hang") !== undefined) return untilAborted(signal);
  const status = ruleOf(rules, "status");
  return status && refusal(status);
}

/** What becomes of the reply of an operation that was carried out. */
export async function afterOperation(
  rules: readonly FaultRule[],
  reply: LocalReply,
  ambient: Ambient,
  signal: AbortSignal | undefined,
): Promise<LocalResponse> {
  const late = ruleOf(rules, "late_reply");
  if (late !== undefined && !(await waited(ambient, late.ms, signal))) return { drop: true };
  const lost = ruleOf(rules, "lost_reply");
  if (lost !== undefined) return loseReply(lost, reply, signal);
  const wrap = ruleOf(rules, "wrap");
  if (wrap !== undefined && typeof reply.body === "string") {
    const body: unknown = wrap.form === "string" ? reply.body : JSON.parse(reply.body);
    return jsonReply(reply.status, { data: { status: reply.status, body } });
  }
  return reply;
}

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
  signal: AbortSignal | undefined,
): Promise<LocalResponse> {
  switch (rule.answer) {
    case "drop":
      return { drop: true };
    case "hang":
      return untilAborted(signal);
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

/** Whether the wait was completed rather than aborted. */
async function waited(ambient: Ambient, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(ambient, ms, signal);
    return true;
  } catch {
    return false;
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<LocalResponse> {
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

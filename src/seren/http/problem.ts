/**
 * Error answers of the service as failures. The published document has no schema for errors, so their bodies are read
 * tolerantly (shapes that were seen: `docs/reference/seren-cloud-api.md`, sections 1.3 and 1.4). A message shows at most
 * one line of a body, and never HTML.
 */
import { STARTING_MARKER } from "#protocols/seren-cloud";
import type { Ambient } from "../../support/ambient.ts";
import { clipCharacters, ownCopy } from "../../support/clip.ts";
import { ExecutionFailure, type FailureDetails, type FailureKind } from "../../support/failure.ts";
import { isObject, parseJson } from "../../support/objects.ts";
import { onOneLine } from "../../support/unseen.ts";
import { strangerWords } from "./stranger.ts";
import type { HttpResponse } from "./transport.ts";

const MAX_SHOWN_CHARACTERS = 240;
/** Characters of a text that are searched for the line to show. */
const MAX_READ_CHARACTERS = 4_096;
/** How deep errors inside errors are followed. */
const MAX_DEPTH = 4;
/** A shorter wait is not worth mentioning. */
const MIN_SHOWN_WAIT_MS = 10_000;
const MESSAGE_KEYS = ["message", "detail", "error_description", "error_message", "error", "title", "reason"];

/**
 * Code of the one 400 after which the same create call may be repeated. We set it from the message. No code of the service
 * is equal to it, because `codeOf` accepts none with a space.
 */
export const STARTING = "still starting";
export const CONVERSATION_BUSY = "conversation_busy";
export const CONVERSATION_AWAITING = "conversation_awaiting_approval";
/** Why a conversation refuses a turn, by the code. */
export const REFUSED_TURN: Readonly<Record<string, string>> = {
  [CONVERSATION_BUSY]: "another run of this conversation is still going",
  [CONVERSATION_AWAITING]: "an earlier run of this conversation waits for an approval; decide it first",
};

export interface Asked {
  /** Names the thing that was asked for, e.g. "the deployment"; it completes "… was not found on Seren Cloud". */
  subject: string;
  /** What a person can do when the key is not accepted. */
  ifKeyRefused?: string | undefined;
  ambient: Ambient;
}

export function toFailure(response: HttpResponse, { subject, ifKeyRefused, ambient }: Asked): ExecutionFailure {
  const body = parse(response.body);
  const said = messageOf(body);
  const code = codeOf(body);
  const details: FailureDetails = { status: response.status };
  const requestId = response.headers["x-request-id"];
  if (requestId) details.requestId = requestId;
  if (code) details.code = code;
  const retryAfterMs = parseRetryAfter(response.headers["retry-after"], ambient);
  if (retryAfterMs !== undefined) details.retryAfterMs = retryAfterMs;

  const stranger = strangerWords(response);
  if (stranger) details.byStranger = true;
  const fail = (kind: FailureKind, message: string) => new ExecutionFailure(kind, stranger ?? message, { details });
  const wait = retryAfterMs && retryAfterMs >= MIN_SHOWN_WAIT_MS ? `; it asks to wait ${waitWords(retryAfterMs)}` : "";
  const words = `${code ?? ""} ${said ?? ""}`;
  if (response.status < 500) {
    for (const marker of [CONVERSATION_BUSY, CONVERSATION_AWAITING]) {
      if (!words.includes(marker)) continue;
      details.code = marker;
      if (marker === CONVERSATION_AWAITING) details.hint = "list_approvals";
      return fail("conflict", REFUSED_TURN[marker] ?? marker);
    }
  }
  const because = said ? `: ${shown(said)}` : "";
  switch (response.status) {
    case 400:
    case 422:
      if (said?.toLowerCase().includes(STARTING_MARKER)) details.code = STARTING;
      return fail("invalid_input", `Seren Cloud refused the request${because}`);
    case 401:
      if (ifKeyRefused) details.explained = true;
      return fail(
        "unauthorized",
        `Seren Cloud did not accept the API key${because}${ifKeyRefused ? `; ${ifKeyRefused}` : ""}`,
      );
    case 402:
      return fail("payment_required", describePayment(body));
    case 403:
      if (code === "otp_required") {
        return fail(
          "forbidden",
          "Seren Cloud asks for a one-time code for this organization; confirm it in Seren first",
        );
      }
      return fail("forbidden", `Seren Cloud does not allow this${because}`);
    case 404:
      return fail("not_found", `${subject} was not found on Seren Cloud`);
    case 408:
      return fail("unavailable", "Seren Cloud gave up waiting for the request");
    case 409:
      return fail("conflict", `Seren Cloud reports a conflict${because}`);
    case 429:
      return fail("rate_limited", `Seren Cloud's rate limit was reached${wait}`);
    case 501:
      return fail("unsupported", `Seren Cloud does not offer this yet${because}`);
    default:
      if (response.status === 504) details.overdue = true; // the gateway stopped waiting; the service may still be working
      if (response.status >= 500)
        return fail("unavailable", `Seren Cloud is not available right now (HTTP ${response.status})${wait}`);
      return fail(
        "contract",
        `Seren Cloud answered HTTP ${response.status}, which seren-bridge does not know${because}`,
      );
  }
}

/** Whether the failure means that nothing was done. A lost answer, a fault of the service and an unreadable answer do not. */
export function isRefusal({ kind, details: { status = 0 } }: ExecutionFailure): boolean {
  if (kind === "contract") return status >= 300 && status < 500;
  return kind !== "unavailable";
}

function waitWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.ceil(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.ceil(hours / 24)} days`;
}

/** Returns the wait that `Retry-After` asks for, in milliseconds; undefined unless it is whole seconds or an HTTP date. */
export function parseRetryAfter(value: string | undefined, ambient: Ambient): number | undefined {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - ambient.now());
}

/** Returns the message in an error text of any shape, on one line; undefined when it has none. */
export function readMessage(text: string): string | undefined {
  const said = messageOf(parse(text));
  return said && shown(said);
}

function shown(line: string): string {
  return clipCharacters(line, MAX_SHOWN_CHARACTERS, "…");
}

function parse(text: string): unknown {
  const value = parseJson(text);
  return value === undefined ? text : value;
}

function messageOf(body: unknown, depth = 0): string | undefined {
  if (typeof body === "string") return presentable(body);
  if (!isObject(body) || depth >= MAX_DEPTH) return undefined;
  for (const key of MESSAGE_KEYS) {
    const value = body[key];
    const said = typeof value === "string" || key === "error" ? messageOf(value, depth + 1) : undefined;
    if (said) return said;
  }
  return undefined;
}

function codeOf(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  for (const value of [body.code, body.error, isObject(body.error) ? body.error.code : undefined]) {
    if (typeof value === "string" && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(value)) return value;
  }
  return undefined;
}

/** Returns the text on one line without control characters; undefined when nothing is left, and for a page of a gateway. */
function presentable(text: string): string | undefined {
  const start = ownCopy(text.slice(0, MAX_READ_CHARACTERS));
  if (/^\s*<|<!|<\/?[a-z][^<>]*>/i.test(start)) return undefined;
  return onOneLine(start) || undefined;
}

/** The four known bodies of a 402 have the amounts in different places; the message shows those that are found. */
function describePayment(body: unknown): string {
  const found = new Map<string, string>();
  const visit = (value: unknown, depth: number) => {
    if (depth > 6) return;
    if (Array.isArray(value)) for (const item of value) visit(item, depth + 1);
    if (!isObject(value)) return;
    for (const [key, item] of Object.entries(value)) {
      const label = AMOUNTS.get(key);
      const amount = typeof item === "number" ? String(item) : item;
      if (label && !found.has(label) && typeof amount === "string" && AMOUNT.test(amount)) found.set(label, amount);
      visit(item, depth + 1);
    }
  };
  visit(body, 0);
  const figures = [...found].map(([label, amount]) => `${label} ${amount}`).join(", ");
  return `Seren Cloud asks for payment${figures ? ` (${figures})` : ""}; add credit to the organization and try again`;
}

const AMOUNT = /^-?\d[\d.,]{0,30}$/;
const AMOUNTS: ReadonlyMap<string, string> = new Map([
  ["minimumRequired", "required"],
  ["requiredAmount", "required"],
  ["maxAmountRequired", "required"],
  ["currentBalance", "available"],
  ["availableBalance", "available"],
  ["deficit", "missing"],
]);

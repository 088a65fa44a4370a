/** Opens the JSON answers of the service. */
import { memberSource } from "../../support/json-source.ts";
import { isObject, parseJson } from "../../support/objects.ts";
import type { HttpResponse } from "../http/transport.ts";
import { flagIn, membersIn, numberIn } from "../mapping/members.ts";

export interface Envelope {
  data: unknown;
  /** Whether a listing goes on; undefined where the service does not say. */
  hasMore: boolean | undefined;
}

/** Returns undefined for a body that is empty, not JSON, or not an envelope. */
export function envelopeOf(response: HttpResponse): Envelope | undefined {
  const body = parseJson(response.body);
  if (!isEnvelope(body)) return undefined;
  return { data: body.data, hasMore: flagIn(membersIn(body.pagination).has_more) };
}

function isEnvelope(value: unknown): value is Record<string, unknown> {
  return isObject(value) && "data" in value;
}

/**
 * Unwraps the answer of a gateway that some installations have in front: `{data: {status, body}}`, with `body` an object
 * or JSON text, with or without an envelope of its own (`docs/reference/seren-cloud-api.md`, section 1.2). The wrapped
 * status replaces the outer one.
 */
export function withoutGateway(response: HttpResponse): HttpResponse {
  if (response.status > 299 || !WRAPPED.test(response.body)) return response;
  const wrapped = membersIn(membersIn(parseJson(response.body)).data);
  const status = numberIn(wrapped.status);
  const isWrapper = Object.keys(wrapped).every((name) => name === "status" || name === "body") && "body" in wrapped;
  if (!isWrapper || status === undefined || !Number.isInteger(status) || status < 100 || status > 599) return response;
  const { body } = wrapped;
  const text = typeof body === "string" ? body : (memberSource(memberSource(response.body, "data"), "body") ?? "");
  const isBare = status <= 299 && !isEnvelope(parseJson(text));
  return { ...response, status, body: isBare ? `{"data":${text}}` : text };
}

/** Checked before parsing, so that a large answer is not parsed twice. */
const WRAPPED = /^\s*\{\s*"data"\s*:\s*\{\s*"(?:status|body)"/;

/** Opens the JSON answers of the service. */
import * as z from "zod";
import { EnvelopeSchema } from "#protocols/seren-cloud";
import { parseJson } from "../../support/objects.ts";
import { JITLESS } from "../../support/zod.ts";
import type { HttpResponse } from "../http/transport.ts";

export type Envelope = z.output<typeof EnvelopeSchema>;

/** Returns undefined for a body that is empty, not JSON, or not an envelope. */
export function envelopeOf(response: HttpResponse): Envelope | undefined {
  return EnvelopeSchema.safeParse(parseJson(response.body), JITLESS).data;
}

/**
 * Unwraps the answer of a gateway that some installations have in front: `{data: {status, body}}`, with `body` an object
 * or JSON text, with or without an envelope of its own (`docs/reference/seren-cloud-api.md`, section 1.2). The wrapped
 * status replaces the outer one.
 */
export function withoutGateway(response: HttpResponse): HttpResponse {
  if (response.status > 299 || !WRAPPED.test(response.body)) return response;
  const wrapped = GatewaySchema.safeParse(parseJson(response.body), JITLESS).data?.data;
  if (!wrapped) return response;
  const { status, body } = wrapped;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const bare = status <= 299 && !EnvelopeSchema.safeParse(parseJson(text), JITLESS).success;
  return { ...response, status, body: bare ? `{"data":${text}}` : text };
}

/** Checked before parsing, so that a large answer is not parsed twice. */
const WRAPPED = /^\s*\{\s*"data"\s*:\s*\{\s*"(?:status|body)"/;

const GatewaySchema = z.looseObject({
  data: z.strictObject({ status: z.int().min(100).max(599), body: z.unknown() }),
});

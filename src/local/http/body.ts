/** Reads JSON bodies as strictly as the service's own decoder does. */
import type * as z from "zod";
import { ApiError, badRequest } from "./api-error.ts";
import { headerOf, type LocalRequest } from "./exchange.ts";

/** 16 MiB of raw bundle are about 22 MiB of base64; the rest is room for instructions. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Recursion limit of the service's JSON decoder. */
const MAX_DEPTH = 128;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The body as a JSON value; `undefined` when there is none. Throws a `Problem` for anything that is not strict JSON. */
export function readJson(request: LocalRequest): unknown {
  const { body } = request;
  if (body === undefined || body.length === 0) return undefined;
  if (body.length > MAX_BODY_BYTES)
    throw new ApiError(413, "PayloadTooLarge", "The request body is larger than 32 MiB");
  const type = headerOf(request.headers, "content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ApiError(415, "UnsupportedMediaType", "Expected a request with content-type application/json");
  }
  let value: unknown;
  try {
    value = JSON.parse(typeof body === "string" ? body : utf8.decode(body));
  } catch {
    throw badRequest("The request body is not valid JSON in UTF-8");
  }
  refuseWhatRustRefuses(value, 0);
  return value;
}

/** The body checked against `schema`; the first few problems are named, each with its path. */
export function readBody<S extends z.ZodType>(request: LocalRequest, schema: S): z.output<S> {
  return check(schema, readJson(request));
}

export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  if (value === undefined) throw badRequest("A JSON body is required");
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badRequest(describe(parsed.error));
}

export function describe(error: z.ZodError): string {
  const shown = error.issues.slice(0, 3).map((issue) => {
    const path = issue.path.join(".");
    return path ? `${path}: ${issue.message}` : issue.message;
  });
  const more = error.issues.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** JavaScript accepts lone surrogates and any depth, the service does not. */
function refuseWhatRustRefuses(value: unknown, depth: number): void {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw badRequest("The request body contains a lone surrogate");
  } else if (typeof value === "object" && value !== null) {
    if (depth === MAX_DEPTH) throw badRequest(`The request body is nested deeper than ${MAX_DEPTH} levels`);
    if (Array.isArray(value)) for (const item of value) refuseWhatRustRefuses(item, depth + 1);
    else
      for (const [key, item] of Object.entries(value)) {
        refuseWhatRustRefuses(key, depth);
        refuseWhatRustRefuses(item, depth + 1);
      }
  }
}

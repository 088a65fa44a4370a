/** Reads JSON bodies as strictly as the real service's decoder does. */
import type * as z from "zod";
import { hasTooManyValues } from "../../support/json-weight.ts";
import { describeIssues } from "../../support/zod.ts";
import { ApiError, badRequest } from "./api-error.ts";
import { headerOf, type LocalRequest } from "./exchange.ts";

type Message = Pick<LocalRequest, "headers" | "body">;

/** 16 MiB of raw bundle are about 22 MiB of base64; the rest is room for instructions. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Members and items of a body. A bundle is one value, and inputs are written by people and programs of theirs. */
const MAX_VALUES = 200_000;
/** Recursion limit of the real service's JSON decoder. */
const MAX_DEPTH = 128;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Returns the body as a JSON value; `undefined` when there is none. Throws an `ApiError` for what is not strict JSON. */
export function readJson(request: Message): unknown {
  const { headers, body } = request;
  if (body === undefined || body.length === 0) return undefined;
  if (body.length > MAX_BODY_BYTES)
    throw new ApiError(413, "PayloadTooLarge", "The request body is larger than 32 MiB");
  const type = headerOf(headers, "content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new ApiError(415, "UnsupportedMediaType", "Expected a request with content-type application/json");
  }
  let value: unknown;
  try {
    const text = typeof body === "string" ? body : utf8.decode(body);
    if (hasTooManyValues(text, MAX_VALUES))
      throw new ApiError(413, "PayloadTooLarge", "The request body has too many values");
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest("The request body is not valid JSON in UTF-8");
  }
  checkLikeRust(value, 0);
  return value;
}

/** Returns the body, checked against `schema`. Throws an `ApiError` that names the first few problems with their paths. */
export function readBody<S extends z.ZodType>(request: Message, schema: S): z.output<S> {
  return check(schema, readJson(request));
}

export function check<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  if (value === undefined) throw badRequest("A JSON body is required");
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badRequest(describeIssues(parsed.error));
}

/** JavaScript accepts lone surrogates and any depth; the real service, written in Rust, does not. */
function checkLikeRust(value: unknown, depth: number): void {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw badRequest("The request body contains a lone surrogate");
  } else if (typeof value === "object" && value !== null) {
    if (depth === MAX_DEPTH) throw badRequest(`The request body is nested deeper than ${MAX_DEPTH} levels`);
    if (Array.isArray(value)) for (const item of value) checkLikeRust(item, depth + 1);
    else
      for (const [key, item] of Object.entries(value)) {
        checkLikeRust(key, depth);
        checkLikeRust(item, depth + 1);
      }
  }
}

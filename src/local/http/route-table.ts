/** Finds the row of a table of routes that a method and a path ask for. */
import { isUuid } from "../../support/uuid.ts";
import { ApiError, badRequest, notFound } from "./api-error.ts";

export interface RoutePattern {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Full path; a name in braces stands for one segment. */
  readonly pattern: string;
}

/** What the request has in place of the names in braces, by name. */
export type PathParameters = ReadonlyMap<string, string>;

/** Names whose value is free text, percent-encoded in the path. Every other one is a UUID, which is put in lower case. */
const FREE_TEXT = new Set(["{entry_id}", "{upload_id}"]);

export class RouteTable<R extends RoutePattern> {
  readonly #rows: { readonly route: R; readonly segments: readonly string[] }[];

  constructor(routes: readonly R[]) {
    this.#rows = routes.map((route) => ({ route, segments: route.pattern.split("/") }));
  }

  /** `path` is without its query. Throws an `ApiError`: 404, 400 for a malformed id, 405. */
  match(method: string, path: string): { route: R; parameters: PathParameters } {
    const parts = path.split("/");
    const rows = this.#rows.filter(({ segments }) => fits(segments, parts));
    const [first] = rows;
    if (first === undefined) throw notFound(`Path ${path}`);
    // Rows with one path have the same names in it.
    const parameters = parametersOf(first.segments, parts);
    const route = rows.find((row) => row.route.method === method)?.route;
    if (route === undefined) {
      const allow = rows.map((row) => row.route.method).join(", ");
      throw new ApiError(405, "MethodNotAllowed", `Only ${allow} is possible here`, { allow });
    }
    return { route, parameters };
  }
}

const isName = (segment: string) => segment.startsWith("{");

function fits(segments: readonly string[], parts: readonly string[]): boolean {
  return (
    segments.length === parts.length && segments.every((segment, index) => segment === parts[index] || isName(segment))
  );
}

function parametersOf(segments: readonly string[], parts: readonly string[]): PathParameters {
  const parameters = new Map<string, string>();
  for (const [index, segment] of segments.entries()) {
    const part = parts[index] ?? "";
    if (isName(segment)) parameters.set(segment.slice(1, -1), FREE_TEXT.has(segment) ? decode(part) : uuidOf(part));
  }
  return parameters;
}

function uuidOf(part: string): string {
  if (!isUuid(part)) throw badRequest("Invalid URL: an id in the path is not a UUID");
  return part.toLowerCase();
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest("Invalid URL: broken percent-encoding");
  }
}

/** Builds the path and the query of a request. */
import { ExecutionFailure } from "../../support/failure.ts";

/** Returns an id as a path segment. Ids come from hosts and files; one that could change the path is `invalid_input`. */
export function segment(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) {
    throw new ExecutionFailure("invalid_input", "a Seren Cloud id has letters, digits, '-' and '_' only");
  }
  return id;
}

/** Returns any text as a path segment; one that would change the path is `invalid_input`. */
export function quotedSegment(text: string): string {
  if (text === "" || text === "." || text === "..") {
    throw new ExecutionFailure("invalid_input", "this is not an id of Seren Cloud");
  }
  return encodeURIComponent(text.toWellFormed());
}

export function deploymentPath(deploymentId: string): string {
  return `/deployments/${segment(deploymentId)}`;
}

export function runPath(runId: string): string {
  return `/runs/${segment(runId)}`;
}

/** Returns the query with its question mark, or nothing. Undefined values are left out. */
export function queryString(values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text ? `?${text}` : "";
}

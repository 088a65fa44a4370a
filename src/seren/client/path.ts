/** Parts of a path and its query. */
import { ExecutionFailure } from "../../support/failure.ts";

/** Ids come from hosts and files: nothing in them may change the path. */
export function segment(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) {
    throw new ExecutionFailure("invalid_input", "a Seren Cloud id has letters, digits, '-' and '_' only");
  }
  return id;
}

/** With its question mark; undefined values are left out. */
export function queryString(values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text ? `?${text}` : "";
}

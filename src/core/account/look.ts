/** Questions that a person or a model asks about an organization. */
import type { SerenClient } from "../../seren/index.ts";
import { withTimeLimit } from "../../support/abort.ts";

/** Limit of one question with all of its calls and their repeats. */
const LOOK_LIMIT_MS = 90_000;

export function look<T>(client: SerenClient, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withTimeLimit({ ambient: client.ambient, ms: LOOK_LIMIT_MS }, work);
}

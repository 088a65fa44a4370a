/** The entrypoint rule of the built-in couriers, which the host leaves to a plugin. */
import type { Operation } from "#protocols/dispatch-courier";
import { ExecutionFailure } from "../support/failure.ts";
import { quoted } from "./printable.ts";

/**
 * A turn must be of the declared kind; without an entrypoint every kind is allowed. Operations that are not turns are
 * always allowed. Throws `invalid_input`; to be called before any side effect.
 */
export function requireEntrypoint(entrypoint: string | null | undefined, operation: Operation["kind"]): void {
  if (operation !== "chat" && operation !== "job" && operation !== "heartbeat") return;
  if (entrypoint === null || entrypoint === undefined || entrypoint === operation) return;
  const declared = quoted(entrypoint);
  throw new ExecutionFailure(
    "invalid_input",
    `this parcel's entrypoint is ${declared}, so it does not take a ${operation}. Run it as ${declared}, or change ENTRYPOINT in its Agentfile and build it again`,
  );
}

/** The entrypoint rule the built-in couriers apply. The host does not apply it to plugins, so we must. */
import type { Operation } from "#protocols/dispatch-courier";
import { ExecutionFailure } from "../support/failure.ts";
import { quoted } from "./printable.ts";

/**
 * A turn must be of the declared kind; without an entrypoint every kind is allowed. Looking at a parcel (its prompt, its
 * tools) is always allowed. Throws `invalid_input`; call it before any side effect.
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

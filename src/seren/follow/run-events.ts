/** Decoding one row of a run's log. Some formatters nest the event in its envelope; the wire form is flat. Both are read. */
import { type RunEvent, RunEventSchema } from "#protocols/seren-cloud";
import { JITLESS } from "../../support/zod.ts";

/** A process that decodes so many will decode more: from here on the compiled checker pays. */
const COMPILE_AFTER = 2_000;
let decoded = 0;

/** `undefined` for a type this version does not know, or one that lacks what its type requires. */
export function decodeRunEvent(row: unknown): RunEvent | undefined {
  decoded += 1;
  const parsed = RunEventSchema.safeParse(row, decoded > COMPILE_AFTER ? undefined : JITLESS);
  if (parsed.success) return parsed.data;
  if (typeof row !== "object" || row === null || "type" in row || !("event" in row)) return undefined;
  return RunEventSchema.safeParse(row.event, JITLESS).data;
}

/** The rows of a record's `output_events`, which is untyped upstream: anything but an array counts as none. */
export function recordRows(outputEvents: unknown): unknown[] | undefined {
  return Array.isArray(outputEvents) ? outputEvents : undefined;
}

/**
 * The session Dispatch keeps for us, and our own state inside it. It comes back from a file that may have been edited, so
 * all of it is validated again; it is stored as plain text, so it must hold no secret.
 */
import * as z from "zod";
import type { CourierSession, IncomingSession, ResolvedMount } from "#protocols/dispatch-courier";
import type { Outcome, Usage } from "../../core/index.ts";
import type { Parcel } from "../../parcel/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { folderName } from "../../support/folder-name.ts";
import { parseJson } from "../../support/objects.ts";
import { JITLESS } from "../../support/zod.ts";

/** A request carries the whole history in one line. The oldest turns are dropped; Seren Cloud keeps the conversation. */
const MAX_HISTORY_BYTES = 384 * 1024;

const UsageSchema: z.ZodType<Usage> = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  computeUsd: z.string().optional(),
  inferenceUsd: z.string().optional(),
  durationMs: z.number().optional(),
});

const StateSchema = z.object({
  v: z.literal(1),
  /** Deployment of the last run, and the name it was found by: another name means other options or secrets. */
  deployment: z.object({ id: z.guid(), name: z.string().max(256) }).optional(),
  /** Conversation on Seren Cloud. */
  conversation_id: z
    .string()
    .refine((id) => folderName(id) === id)
    .optional(),
  /** A run that waits for a person. The next turn follows it first. */
  pending: z.object({ run_id: z.guid() }).optional(),
  last_run: z.object({ run_id: z.guid(), status: z.string().max(64), usage: UsageSchema.optional() }).optional(),
});
export type CourierState = z.output<typeof StateSchema>;

export function newSession(parcel: Parcel, mounts: ResolvedMount[], ambient: Ambient): CourierSession {
  const { manifest } = parcel;
  // The host ends the older of two processes with one session id, so an id must never repeat.
  const id = `seren-cloud-${manifest.digest.slice(0, 12)}-${ambient.uuid()}`;
  return {
    id,
    parcel_digest: manifest.digest,
    entrypoint: manifest.entrypoint ?? null,
    label: manifest.name ?? null,
    turn_count: 0,
    elapsed_ms: 0,
    history: [],
    resolved_mounts: mounts,
    backend_state: writeState({ v: 1, conversation_id: id }),
  };
}

/** Throws `invalid_input` for a session of another parcel. The host compares the digests in `run` only. */
export function requireSameParcel(parcel: Parcel, session: IncomingSession): void {
  if (session.parcel_digest === parcel.manifest.digest) return;
  throw new ExecutionFailure(
    "invalid_input",
    "the session belongs to another build of the parcel; start a new session (another --session-file)",
  );
}

/** Returns the session with known members only, in the form we send. `elapsed_ms` is counted by the host and unchanged. */
export function keepSession(session: IncomingSession, parcel: Parcel, mounts: ResolvedMount[]): CourierSession {
  return {
    id: session.id,
    parcel_digest: session.parcel_digest,
    entrypoint: session.entrypoint ?? null,
    label: session.label ?? parcel.manifest.name ?? null,
    turn_count: session.turn_count,
    elapsed_ms: session.elapsed_ms,
    history: boundHistory(session.history.map(({ role, content }) => ({ role, content }))),
    resolved_mounts: mounts,
    backend_state: writeState(readState(session)),
  };
}

/** Returns the session after one more operation. `turn` is what both sides said, when the operation was a turn. */
export function afterOperation(
  session: CourierSession,
  state: CourierState,
  turn?: { user: string; assistant: string },
): CourierSession {
  const entries = turn
    ? [
        { role: "user", content: turn.user },
        { role: "assistant", content: turn.assistant },
      ]
    : [];
  return {
    ...session,
    turn_count: Math.min(session.turn_count + 1, Number.MAX_SAFE_INTEGER),
    history: boundHistory([...session.history, ...entries]),
    backend_state: writeState(state),
  };
}

/** Returns our state, or a new one when the session has none that can be read. The conversation is then the session's id. */
export function readState(session: { id: string; backend_state?: string | null }): CourierState {
  const fresh: CourierState = { v: 1, conversation_id: folderName(session.id) };
  if (!session.backend_state) return fresh;
  return { ...fresh, ...StateSchema.safeParse(parseJson(session.backend_state), JITLESS).data };
}

/** Returns the state after a run. `workloadName` is set unless the run went to a deployment that was named. */
export function stateAfterRun(
  state: CourierState,
  { kind, run, usage }: Outcome,
  workloadName: string | undefined,
): CourierState {
  const next: CourierState = { v: 1, conversation_id: state.conversation_id };
  if (!run) return { ...next, last_run: state.last_run };
  if (workloadName !== undefined) next.deployment = { id: run.deploymentId, name: workloadName };
  if (kind === "awaiting_approval") next.pending = { run_id: run.runId };
  next.last_run = { run_id: run.runId, status: kind, ...(usage ? { usage } : {}) };
  return next;
}

function writeState(state: CourierState): string {
  return JSON.stringify(state);
}

function boundHistory(history: CourierSession["history"]): CourierSession["history"] {
  let size = 0;
  let first = history.length;
  while (first > 0) {
    const entry = history[first - 1];
    size += Buffer.byteLength(JSON.stringify(entry)) + 1;
    if (size > MAX_HISTORY_BYTES) break;
    first -= 1;
  }
  return history.slice(first);
}

/**
 * The session Dispatch keeps for us, and the state of ours inside it. It comes back from a file anybody may have edited,
 * so all of it is checked again; it is stored in clear text, so nothing secret goes in.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import type { CourierSession, IncomingSession, ResolvedMount } from "#protocols/dispatch-courier";
import type { Usage } from "../../core/index.ts";
import type { Parcel } from "../../parcel/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { parseJson } from "../../support/objects.ts";
import { JITLESS } from "../../support/zod.ts";

/** A request carries the whole history on one line; older turns go first, the conversation itself lives on Seren Cloud. */
const MAX_HISTORY_BYTES = 384 * 1024;

/** What may become the name of a folder or go into a request; every id of ours is of this form. */
const PLAIN_NAME = /^\w[\w.-]{0,127}$/;

const UsageSchema: z.ZodType<Usage> = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  computeUsd: z.string().optional(),
  inferenceUsd: z.string().optional(),
  durationMs: z.number().optional(),
});

const StateSchema = z.object({
  v: z.literal(1),
  /** Deployment the last run went to, and the name it was found by: another name means other options or secrets. */
  deployment: z.object({ id: z.guid(), name: z.string().max(256) }).optional(),
  /** Conversation on Seren Cloud. */
  conversation_id: z.string().regex(PLAIN_NAME).optional(),
  /** A run that waits for a person. The next turn picks it up. */
  pending: z.object({ run_id: z.guid() }).optional(),
  last_run: z.object({ run_id: z.guid(), status: z.string().max(64), usage: UsageSchema.optional() }).optional(),
});
export type CourierState = z.output<typeof StateSchema>;

export function newSession(parcel: Parcel, mounts: ResolvedMount[], ambient: Ambient): CourierSession {
  const { manifest } = parcel;
  // The host keys processes by session id and ends the older of two: the id must never repeat.
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

/** The session's id, or a name that stands for it where the id is no name: a session file may say anything. */
export function plainName(sessionId: string): string {
  return PLAIN_NAME.test(sessionId) ? sessionId : createHash("sha256").update(sessionId).digest("hex");
}

/** The host compares digests in `run` only; a session of another parcel is refused everywhere. */
export function requireSameParcel(parcel: Parcel, session: IncomingSession): void {
  if (session.parcel_digest === parcel.manifest.digest) return;
  throw new ExecutionFailure(
    "invalid_input",
    "the session belongs to another build of the parcel; start a new session (another --session-file)",
  );
}

/** What we may pass back: our fields only, in our shape. `elapsed_ms` is the host's to count and goes back unchanged. */
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

/** The session after one more operation; `said` is what the two sides said, where there was a turn. */
export function afterOperation(
  session: CourierSession,
  state: CourierState,
  said: { user: string; assistant: string } | undefined,
): CourierSession {
  const turn = said
    ? [
        { role: "user", content: said.user },
        { role: "assistant", content: said.assistant },
      ]
    : [];
  return {
    ...session,
    turn_count: Math.min(session.turn_count + 1, Number.MAX_SAFE_INTEGER),
    history: boundHistory([...session.history, ...turn]),
    backend_state: writeState(state),
  };
}

/** Our state; a new one when the session carries none we can read. The conversation then goes by the session's id. */
export function readState(session: { id: string; backend_state?: string | null }): CourierState {
  const fresh: CourierState = { v: 1, conversation_id: plainName(session.id) };
  if (!session.backend_state) return fresh;
  return { ...fresh, ...StateSchema.safeParse(parseJson(session.backend_state), JITLESS).data };
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

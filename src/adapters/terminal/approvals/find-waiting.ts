/** What a person means with the id of something that waits: a run, or an entry of the inbox. */
import type { Checkpoint, InboxEntry } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";
import { findRunId } from "../runs/find-run.ts";
import type { Services } from "../services.ts";

export type Waiting = { kind: "run"; checkpoint: Checkpoint } | { kind: "entries"; entries: InboxEntry[] };

const MIN_PREFIX = 4;

/**
 * `typed` is the id of an entry or of a run, or the beginning of one. Of a run that does not wait itself, what it holds in the
 * inbox is meant. Rejects with `invalid_input` for an ambiguous id, `not_found` for an unknown one, and `conflict` when
 * nothing of it waits.
 */
export async function findWaiting(services: Services, typed: string): Promise<Waiting> {
  const { approvals } = await services.remote();
  const { rows } = await approvals.inbox.list().catch(() => ({ rows: [] }));
  const exact = rows.find(({ entryId }) => entryId === typed);
  const named = exact ?? (await entryBeginning(services, rows, typed));
  if (named && (named.kind !== "tool_call" || named.runId === undefined)) return { kind: "entries", entries: [named] };
  const runId = named?.runId ?? (await findRunId(services, typed));
  try {
    return { kind: "run", checkpoint: await approvals.checkpoint(runId) };
  } catch (error) {
    const entries = rows.filter((entry) => entry.runId === runId && entry.kind !== "tool_call");
    if (entries.length === 0 || !(error instanceof ExecutionFailure) || error.kind !== "conflict") throw error;
    return { kind: "entries", entries };
  }
}

/** Returns the entry that alone begins with `typed`. Rejects when another entry does, or a run. */
async function entryBeginning(
  services: Services,
  entries: readonly InboxEntry[],
  typed: string,
): Promise<InboxEntry | undefined> {
  if (typed.length < MIN_PREFIX) return undefined;
  const [only, ...others] = entries.filter(({ entryId }) => entryId.startsWith(typed));
  if (!only) return undefined;
  const runId = await findRunId(services, typed).catch(() => undefined);
  if (others.length === 0 && runId === undefined) return only;
  throw new ExecutionFailure(
    "invalid_input",
    `more than one thing that waits begins with ${typed}; give more of the id`,
  );
}

/** Follows a run by its event log and its state, where it has no stream. */
import { type Ambient, sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { hasStopped } from "../client/status.ts";
import type { LiveState } from "../model.ts";
import type { EventLogReader } from "./event-log-reader.ts";
import type { FollowItem } from "./follow-items.ts";
import type { RunCursor } from "./run-cursor.ts";

const POLL_EVERY_MS = 1_500;
/** Readings of the log of a run that has stopped, which bring rows without a number only: those may be the same each time. */
const MAX_UNNUMBERED_READS = 3;

export interface PollOptions {
  ambient: Ambient;
  cursor: RunCursor;
  log: EventLogReader;
  signal: AbortSignal;
  /** Whether the run may be unknown because it was just created. */
  mayBeTooNew(error: unknown): boolean;
  look(): Promise<{ state: LiveState; item: FollowItem }>;
}

/** Returns the state once the run has stopped and one more reading of the log has brought nothing new. */
export async function* pollLog(options: PollOptions): AsyncGenerator<FollowItem, LiveState, void> {
  const { ambient, cursor, log, signal, mayBeTooNew, look } = options;
  let readable = true;
  let hadStopped = false;
  let unnumberedReads = 0;
  for (;;) {
    const { applied, sequence } = cursor;
    try {
      if (readable) yield* log.readNew();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!(error instanceof ExecutionFailure) || error.kind === "unauthorized") throw error;
      readable = mayBeTooNew(error); // without a log the record alone says how the run ended
    }
    const { state, item } = await look();
    yield item;
    const nothingNew = cursor.applied === applied;
    const hasNumbers = cursor.sequence > sequence;
    if (hadStopped && !hasNumbers) unnumberedReads += 1;
    if (hadStopped && (nothingNew || unnumberedReads >= MAX_UNNUMBERED_READS)) return state;
    hadStopped = hasStopped(state);
    if (!hasNumbers || !hadStopped) await sleep(ambient, POLL_EVERY_MS, signal);
  }
}

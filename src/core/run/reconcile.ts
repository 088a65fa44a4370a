/**
 * The end of a run: makes what was told equal to the record, then the outcome from it. A record takes several times the
 * memory of its text, so it is worked off in one go and let go before anything waits for the host.
 */
import {
  type CallOptions,
  EventLogReader,
  endingOf,
  type Run,
  type RunArtifact,
  type RunCursor,
  type SerenClient,
} from "../../seren/index.ts";
import type { StopCause } from "../../support/abort.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure, type Hint } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { ExecutionEvent, Outcome } from "../events.ts";
import { endedOutcome, mergeArtifacts } from "./outcome.ts";
import { isComplete, type Position, type Transcript } from "./transcript.ts";

/** A record that turned terminal before its events were complete is read again at these intervals. */
const REREAD_MS = [250, 500, 1_000, 1_500];

export interface Followed {
  client: SerenClient;
  log: Log;
  transcript: Transcript;
  /** Where in the log the following ended, the highest number the service spoke of, and whether it ended in trouble. */
  cursor: RunCursor;
  latest: number;
  troubled: boolean;
  streamError?: string | undefined;
  stoppedBy: StopCause | undefined;
}

export interface Conclusion {
  /** What the host has not been told yet. */
  events: ExecutionEvent[];
  outcome: Outcome;
}

/** A run whose record cannot be read whole: what it would tell has to be read from the log, while the host takes it. */
interface Unread {
  unread: Run;
  listing: Promise<RunArtifact[]>;
}

export type Reconciled = Conclusion | Unread;

/**
 * The record, and `withListing` what `reconcile` needs besides when the run has ended: asked for at once, that is one way
 * to the service instead of two.
 */
export async function readRecord(
  client: SerenClient,
  runId: string,
  options: CallOptions,
  withListing: boolean,
): Promise<{ record: Run; listing: Promise<RunArtifact[]> | undefined }> {
  const unneeded = new AbortController();
  const listing = withListing ? listingOf(client, runId, unneeded.signal) : undefined;
  try {
    const record = await client.getRun(runId, options);
    if (!endingOf(record.status)) unneeded.abort();
    return { record, listing };
  } catch (error) {
    unneeded.abort();
    throw error;
  }
}

/** The run's artifacts; none where they cannot be listed, because events have told of them already. */
function listingOf(client: SerenClient, runId: string, signal?: AbortSignal): Promise<RunArtifact[]> {
  return client.listRunArtifacts(runId, signal && { signal }).catch(() => []);
}

/** `record` is terminal. `listing`: of its artifacts, where they were asked for already. */
export function reconcile(
  record: Run,
  followed: Followed,
  listing: Promise<RunArtifact[]> = listingOf(followed.client, record.id),
): Promise<Reconciled> {
  const { transcript } = followed;
  return latestOf(record, followed)
    .then((latest): Reconciled => (latest.cut ? { unread: latest, listing } : conclude(latest, followed)))
    .then(async (ending) => {
      if ("outcome" in ending) ending.outcome.artifacts = mergeArtifacts(transcript.artifacts, await listing);
      return ending;
    });
}

/** Tells what is missing, and how it ended. */
export async function* emitRemaining(
  ending: Reconciled,
  followed: Followed,
): AsyncGenerator<ExecutionEvent, Outcome, void> {
  if ("outcome" in ending) {
    yield* ending.events;
    return ending.outcome;
  }
  yield* rest(ending.unread, followed);
  const { events, outcome } = conclude(ending.unread, followed);
  yield* events;
  return { ...outcome, artifacts: mergeArtifacts(followed.transcript.artifacts, await ending.listing) };
}

/** From the log, page by page, what the stream has not told. */
async function* rest(record: Run, followed: Followed): AsyncGenerator<ExecutionEvent, void, void> {
  const { client, transcript, cursor } = followed;
  const latest = Math.max(followed.latest, record.cut?.latestSequence ?? -1);
  const log = new EventLogReader(client, record.id, cursor, new AbortController().signal);
  let failure: unknown;
  for (const wait of [0, ...REREAD_MS]) {
    await sleep(client.ambient, wait);
    try {
      for await (const { events } of log.rest()) yield* transcript.applyAll(events);
      failure = undefined;
      if (cursor.sequence >= latest) return;
    } catch (error) {
      failure = error;
    }
  }
  if (failure === undefined) return;
  followed.log("warn", "the end of a run's log could not be read", { kind: asFailure(failure).kind });
  yield warning("the end of the answer could not be read", "show_run");
}

/** The record, read again while it lags behind; it may grow too large to be read meanwhile. */
async function latestOf(record: Run, followed: Followed): Promise<Run> {
  const { client } = followed;
  let latest = record;
  for (const wait of REREAD_MS) {
    if (latest.cut || isComplete(latest, positionOf(followed))) break;
    await sleep(client.ambient, wait);
    latest = await client.getRun(record.id).catch(() => latest);
  }
  return latest;
}

function positionOf({ cursor: { sequence, numbered }, latest, troubled }: Followed): Position {
  return { sequence, numbered, latest, troubled };
}

function conclude(record: Run, followed: Followed): Conclusion {
  const { log, transcript, streamError, stoppedBy } = followed;
  const position = positionOf(followed);
  const events: ExecutionEvent[] = [...transcript.missing(record, position)];
  const final = transcript.finalText(record, position);
  if (final.late) events.push({ type: "text", text: final.late });
  if (final.replaced) {
    log("warn", "the streamed text differs from the record; the record's is the answer");
    events.push(warning("parts of the streamed answer were lost or out of order; the final answer is complete"));
  }
  if (final.length > final.text.length) {
    events.push(
      warning(`the answer has ${final.length} characters; the result repeats the first ${final.text.length}`),
    );
  }
  const outcome = endedOutcome({
    record,
    ending: endingOf(record.status) ?? "failed",
    transcript,
    text: final.text,
    ...(streamError === undefined ? {} : { streamError }),
    ...(stoppedBy ? { stoppedBy } : {}),
  });
  if (outcome.usage) events.push({ type: "usage", usage: outcome.usage });
  return { events, outcome };
}

const warning = (message: string, hint?: Hint): ExecutionEvent => ({
  type: "notice",
  level: "warning",
  message,
  ...(hint ? { hint } : {}),
});

/**
 * The end of a run: emits what the host has not seen, so that events and text equal the record, and makes the outcome from
 * the record.
 *
 * A record takes several times the memory of its text. So nothing here keeps one while it waits for the host: promises are
 * chained where a local variable would hold it.
 */
import {
  type CallOptions,
  ENDED_STATUS,
  EventLogReader,
  endingOf,
  isKnownStatus,
  isUnreadable,
  type Run,
  runFromStreamEnd,
  type SerenClient,
  UNKNOWN_STATUS,
} from "../../seren/index.ts";
import { type StopCause, withTimeLimit } from "../../support/abort.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure, type Hint } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import type { ExecutionEvent, Outcome } from "../events.ts";
import { isNothingButBusy } from "./busy-conversation.ts";
import type { FollowedRun } from "./follow-run.ts";
import { endedOutcome, type Listed, mergeArtifacts } from "./outcome.ts";
import { isComplete, type Position } from "./transcript.ts";

/** Limit of listing the artifacts: the answer is complete without them. */
const LISTING_LIMIT_MS = 15_000;
/** Waits before a terminal record whose events are not complete is read again. */
const REREAD_MS = [250, 500, 1_000, 1_500];
/** Limit of all those readings together. */
const REREAD_LIMIT_MS = 30_000;

export interface Ending {
  client: SerenClient;
  log: Log;
  followed: FollowedRun;
  /** Ends the reading of what is missing: the outcome is then made from what has been read. */
  signal: AbortSignal;
  /** Who stopped the run, if it was stopped. */
  stoppedBy: StopCause | undefined;
}

export type Reconciled =
  /** `events`: what the host has not seen yet. */
  | { kind: "concluded"; events: ExecutionEvent[]; outcome: Outcome; nothingButBusy: boolean }
  /** The record is too large to be read. What is missing is read from the log, page by page, as the host takes it. */
  | { kind: "cut"; record: Run; listing: Promise<Listed> };

type Conclusion = Extract<Reconciled, { kind: "concluded" }>;

export interface ReadRecordOptions {
  client: SerenClient;
  runId: string;
  call: CallOptions;
  /** Request the artifacts at the same time, which saves a round trip when the run has ended. */
  withListing: boolean;
  /** Status that the stream's end named, once the stream has ended by itself. */
  streamEnd: string | undefined;
}

/**
 * Reads the record. Where neither it nor the run's state says how the run ended, the end of the stream does. A listing that turns
 * out not to be needed is to be abandoned.
 */
export async function readRecord({
  client,
  runId,
  call,
  withListing,
  streamEnd,
}: ReadRecordOptions): Promise<{ record: Run; listing: Promise<Listed> | undefined; abandonListing(): void }> {
  const unneeded = new AbortController();
  const listing = withListing
    ? listArtifacts(client, runId, AbortSignal.any([call.signal, unneeded.signal]))
    : undefined;
  try {
    const read = await client.getRun(runId, call).catch((error: unknown) => {
      if (streamEnd !== undefined && isUnreadable(error)) return undefined;
      throw error;
    });
    const atEnd = runFromStreamEnd(runId, streamEnd ?? UNKNOWN_STATUS);
    const says = read !== undefined && isKnownStatus(read.status) && read.status !== ENDED_STATUS;
    const isNamed = streamEnd !== undefined && endingOf(streamEnd) !== undefined;
    const record = read && (says || !isNamed) ? read : { ...(read ?? atEnd), status: atEnd.status };
    return { record, listing, abandonListing: () => unneeded.abort() };
  } catch (error) {
    unneeded.abort();
    throw error;
  }
}

/** Lists the artifacts of a run. Returns none when they cannot be listed: events have reported them as well. */
function listArtifacts(client: SerenClient, runId: string, parent: AbortSignal): Promise<Listed> {
  const limit = { ambient: client.ambient, ms: LISTING_LIMIT_MS, parent };
  return withTimeLimit(limit, (signal) => client.listRunArtifacts(runId, { signal })).then(
    (listed) => listed,
    () => ({ rows: [] }),
  );
}

/** `record` is terminal. `listing` are its artifacts, where they were requested already. */
export function reconcile(
  record: Run,
  ending: Ending,
  listing: Promise<Listed> = listArtifacts(ending.client, record.id, ending.signal),
): Promise<Reconciled> {
  return rereadUntilComplete(record, ending)
    .then(
      ({ record: latest, isWhole }): Reconciled =>
        latest.cut ? { kind: "cut", record: latest, listing } : conclude(latest, ending, isWhole),
    )
    .then(async (reconciled) => {
      if (reconciled.kind === "cut") return reconciled;
      return { kind: "concluded", ...withArtifacts(reconciled, ending, await listing) };
    });
}

/** Emits what the host has not seen. Returns the outcome. */
export async function* emitRemaining(
  reconciled: Reconciled,
  ending: Ending,
): AsyncGenerator<ExecutionEvent, Outcome, void> {
  if (reconciled.kind === "concluded") {
    yield* reconciled.events;
    return reconciled.outcome;
  }
  yield* ending.followed.statuses.emitReconciling();
  const isWhole = yield* restOfLog(reconciled.record, ending);
  const { events, outcome } = withArtifacts(conclude(reconciled.record, ending), ending, await reconciled.listing);
  yield* events;
  return isWhole ? outcome : { ...outcome, cut: "log" };
}

/** Emits the events of the log that the stream did not bring, page by page. Returns whether all of them could be read. */
async function* restOfLog(record: Run, ending: Ending): AsyncGenerator<ExecutionEvent, boolean, void> {
  const { client, followed, signal } = ending;
  const { cursor, transcript } = followed;
  const latest = Math.max(followed.result.latest, record.cut?.latestSequence ?? -1);
  const log = new EventLogReader({ client, runId: record.id, cursor, signal });
  let failure: unknown;
  for (const wait of [0, ...REREAD_MS]) {
    try {
      await sleep(client.ambient, wait, signal);
      for await (const { events } of log.rest()) yield* transcript.applyAll(events);
      failure = undefined;
      if (cursor.sequence >= latest) return true;
    } catch (error) {
      failure = error;
      if (signal.aborted) break;
    }
  }
  if (failure === undefined) return true;
  ending.log("warn", "the end of a run's log could not be read", { kind: asFailure(failure).kind });
  yield warning("the end of the answer could not be read", "show_run");
  return false;
}

/**
 * Reads the record again while events are missing in it. It may become too large to be read meanwhile. A run that goes on again,
 * because somebody has resumed it, has ended here all the same. Where events came without a number, how many there are is not
 * known: `isWhole` says that the log has no more than the record.
 */
async function rereadUntilComplete(
  record: Run,
  { client, followed, signal: parent }: Ending,
): Promise<{ record: Run; isWhole: boolean }> {
  let latest = record;
  let isWhole = false;
  const reading = withTimeLimit({ ambient: client.ambient, ms: REREAD_LIMIT_MS, parent }, async (signal) => {
    for (const wait of REREAD_MS) {
      if (latest.cut || isComplete(latest, positionOf(followed))) break;
      await sleep(client.ambient, wait, signal);
      const next = await client.getRun(record.id, { signal }).catch(() => latest);
      if (endingOf(next.status)) latest = next;
    }
    if (followed.cursor.numbered || latest.cut || isComplete(latest, positionOf(followed))) return;
    const rest = await client.listRunEvents(record.id, latest.eventRows?.length ?? 0, { signal });
    isWhole = rest.events.length === 0 && !rest.hasMore;
  });
  await reading.catch(() => undefined); // what was read so far counts
  return { record: latest, isWhole };
}

function positionOf({ cursor, result, since }: FollowedRun, isWhole = false): Position {
  const { latest, complete } = result;
  return { sequence: cursor.sequence, numbered: cursor.numbered, latest, complete, since, isWhole };
}

function conclude(record: Run, { log, followed, stoppedBy }: Ending, isWhole = false): Conclusion {
  const { transcript } = followed;
  const { streamError } = followed.result;
  const position = positionOf(followed, isWhole);
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
  if (record.cut?.by === "stream") {
    events.push(warning("the run's record could not be read; how it ended is what its stream said"));
  }
  const outcome = endedOutcome({
    record,
    run: followed.run,
    ending: endingOf(record.status) ?? "failed",
    transcript,
    text: final.text,
    ...(streamError === undefined ? {} : { streamError }),
    ...(stoppedBy ? { stoppedBy } : {}),
  });
  if (final.length > final.text.length) outcome.shortened = true;
  if (outcome.usage) events.push({ type: "usage", usage: outcome.usage });
  const nothingButBusy = isNothingButBusy(record, { transcript, position, text: final.text });
  return { kind: "concluded", events, outcome, nothingButBusy };
}

function withArtifacts(
  { events, outcome, nothingButBusy }: Conclusion,
  { followed }: Ending,
  listing: Listed,
): Pick<Conclusion, "events" | "outcome" | "nothingButBusy"> {
  const { artifacts, cut } = mergeArtifacts(followed.transcript.artifacts, listing);
  const notices = cut ? [warning(`the run has more than ${artifacts.length} artifacts; the others are left out`)] : [];
  return {
    events: [...events, ...notices],
    outcome: { ...outcome, artifacts },
    nothingButBusy: nothingButBusy && artifacts.length === 0,
  };
}

function warning(message: string, hint?: Hint): ExecutionEvent {
  return { type: "notice", level: "warning", message, ...(hint ? { hint } : {}) };
}

/**
 * The end of a run: makes what was told equal to the record, then the outcome from it. A record takes several times the
 * memory of its text, so it is worked off in one go and let go before anything waits for the host.
 */
import { endingOf, type RunRecord, type SerenClient } from "../seren/index.ts";
import type { StopCause } from "../support/abort.ts";
import { sleep } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import type { ExecutionEvent, Outcome } from "./events.ts";
import { endedOutcome, mergeArtifacts } from "./outcome.ts";
import { isComplete, type Position, type Transcript } from "./transcript.ts";

/** A record that turned terminal before its events were complete is read again at these intervals. */
const REREAD_MS = [250, 500, 1_000, 1_500];

export interface Followed {
  client: SerenClient;
  log: Log;
  transcript: Transcript;
  /** Where in the log the following ended. */
  position: Position;
  streamError?: string | undefined;
  stoppedBy: StopCause | undefined;
}

export interface Conclusion {
  /** What the host has not been told yet. */
  events: ExecutionEvent[];
  outcome: Outcome;
}

/** `record` is terminal. */
export function reconcile(record: RunRecord, followed: Followed): Promise<Conclusion> {
  const { client, transcript } = followed;
  const listing = client.listRunArtifacts(record.id).catch(() => []); // events have told of them already
  return complete(record, followed).then(async (conclusion) => {
    conclusion.outcome.artifacts = mergeArtifacts(transcript.artifacts, await listing);
    return conclusion;
  });
}

async function complete(record: RunRecord, followed: Followed): Promise<Conclusion> {
  const { client, position } = followed;
  let latest = record;
  for (const wait of REREAD_MS) {
    if (isComplete(latest, position)) break;
    await sleep(client.ambient, wait);
    latest = await client.getRun(record.id).catch(() => latest);
  }
  return conclude(latest, followed);
}

function conclude(record: RunRecord, followed: Followed): Conclusion {
  const { log, transcript, position, streamError, stoppedBy } = followed;
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

const warning = (message: string): ExecutionEvent => ({ type: "notice", level: "warning", message });

/** The end of a run: makes what was told equal to the record, then the outcome from it. */
import { endingOf, type RunRecord, type SerenClient } from "../seren/index.ts";
import type { StopCause } from "../support/abort.ts";
import { sleep } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import type { ExecutionEvent, Outcome } from "./events.ts";
import { endedOutcome, mergeArtifacts } from "./outcome.ts";
import { isComplete, type Position, type Transcript } from "./transcript.ts";

/** A record that turned terminal before its events were complete is read again at these intervals. */
const REREAD_MS = [250, 500, 1_000, 1_500];

export interface Reconciliation {
  client: SerenClient;
  log: Log;
  /** Terminal. */
  record: RunRecord;
  transcript: Transcript;
  /** Where in the log the following ended. */
  position: Position;
  streamError?: string | undefined;
  stoppedBy: StopCause | undefined;
}

export async function* reconcile(options: Reconciliation): AsyncGenerator<ExecutionEvent, Outcome, void> {
  const { client, log, transcript, position, streamError, stoppedBy } = options;
  let { record } = options;
  const listing = client.listRunArtifacts(record.id).catch(() => []); // events have told of them already
  for (const wait of REREAD_MS) {
    if (isComplete(record, position)) break;
    await sleep(client.ambient, wait);
    record = await client.getRun(record.id).catch(() => record);
  }
  yield* transcript.missing(record, position);
  const final = transcript.finalText(record, position);
  if (final.late) {
    transcript.append(final.late);
    yield { type: "text", text: final.late };
  }
  if (final.replaced) {
    log("warn", "the streamed text differs from the record; the record's is the answer");
    yield {
      type: "notice",
      level: "warning",
      message: "parts of the streamed answer were lost or out of order; the final answer is complete",
    };
  }
  const outcome = endedOutcome({
    record,
    ending: endingOf(record.status) ?? "failed",
    transcript,
    text: final.text,
    artifacts: mergeArtifacts(transcript.artifacts, await listing),
    ...(streamError === undefined ? {} : { streamError }),
    ...(stoppedBy ? { stoppedBy } : {}),
  });
  if (outcome.usage) yield { type: "usage", usage: outcome.usage };
  return outcome;
}

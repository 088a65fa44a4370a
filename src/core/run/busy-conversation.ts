/**
 * Turns that a conversation refuses. A busy one is waited for and the turn sent anew, since nothing of it ran; where an
 * earlier run waits for a person, that run is named (`docs/reference/seren-cloud-api.md`, sections 3.2 and 12.3).
 */
import {
  AWAITING_APPROVAL,
  CONVERSATION_AWAITING,
  CONVERSATION_BUSY,
  decodeRunEvent,
  endingOf,
  type Run,
  type SerenClient,
  sequenceOf,
} from "../../seren/index.ts";
import { type StopCause, stopCauseOf, withTimeLimit } from "../../support/abort.ts";
import { type Ambient, backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { ExecutionEvent, Outcome } from "../events.ts";
import { statusEvent } from "./notifiers.ts";
import { isBusyRefusal } from "./refusal.ts";
import type { Position, Transcript } from "./transcript.ts";

const WAIT_BASE_MS = 1_000;
const WAIT_CAP_MS = 15_000;
/** Limit of the search for the run that waits: the refusal can be told without it. */
const SEARCH_LIMIT_MS = 5_000;
/** Runs whose records are read because the list of waiting runs does not name their conversations. */
const MAX_RECORDS = 5;

type Events<T> = AsyncGenerator<ExecutionEvent, T, void>;

/** A turn of which nothing ran. `outcome`: of the failed run that stands for it, where there is one. */
export interface Refused {
  kind: "refused";
  outcome?: Outcome;
  /** The service asks for a wait of this many milliseconds. */
  retryAfterMs?: number | undefined;
}

/** Sends a turn until its conversation takes it. `send` is called for each attempt. */
export async function* untilTaken(
  ambient: Ambient,
  signal: AbortSignal,
  send: () => Events<Outcome | Refused>,
): Events<Outcome> {
  let last: Refused | undefined;
  try {
    for (let refusals = 0; ; refusals += 1) {
      const attempt = yield* send();
      if (attempt.kind !== "refused") return attempt;
      last = attempt;
      signal.throwIfAborted();
      yield statusEvent("submitting", { detail: "the conversation is busy; waiting" });
      const waitMs = Math.max(backoffMs(ambient, refusals, WAIT_BASE_MS, WAIT_CAP_MS), attempt.retryAfterMs ?? 0);
      await sleep(ambient, waitMs, signal);
    }
  } catch (error) {
    if (!last || !signal.aborted || error instanceof ExecutionFailure) throw error;
    return stayedBusy(last, stopCauseOf(signal) ?? "host");
  }
}

/** Throws where there is no run to return an outcome of. */
function stayedBusy({ outcome }: Refused, stoppedBy: StopCause): Outcome {
  const isLate = stoppedBy === "deadline";
  const until = isLate ? "until the time limit of the request" : "until the request was stopped";
  const message = `the conversation stayed busy ${until}: another run of it is going on, and nothing was done for this message; wait for that run or cancel it, then send the message again`;
  const kind = isLate ? "timed_out" : "cancelled";
  if (!outcome) throw new ExecutionFailure(kind, message, { details: { code: CONVERSATION_BUSY, hint: "list_runs" } });
  return {
    ...outcome,
    kind,
    error: { ...outcome.error, message, code: CONVERSATION_BUSY, retryable: true, hint: "list_runs" },
    stoppedBy,
  };
}

/**
 * Whether nothing of a run is known but that its conversation was busy. Any other event, a text, a figure or an artifact means
 * that something ran.
 */
export function isNothingButBusy(
  record: Run,
  { transcript, position, text }: { transcript: Transcript; position: Position; text: string },
): boolean {
  if (endingOf(record.status) !== "failed" || text !== "" || hasFigures(record)) return false;
  if (transcript.rows > 1 || transcript.artifacts.size > 0) return false;
  if (!record.eventRows) {
    return transcript.rows === 1 && isBusyRefusal(transcript.firstError ?? {}) && position.complete;
  }
  const [only, ...others] = record.eventRows;
  const event = decodeRunEvent(only);
  if (others.length > 0 || event?.type !== "error" || !isBusyRefusal(event)) return false;
  return position.latest <= Math.max(sequenceOf(only) ?? 0, 0);
}

function hasFigures({ inputTokens = 0, outputTokens = 0, computeCostUsd, inferenceCostUsd }: Run): boolean {
  return inputTokens > 0 || outputTokens > 0 || Number(computeCostUsd ?? 0) > 0 || Number(inferenceCostUsd ?? 0) > 0;
}

interface Conversation {
  /** Absent where the turn was refused before its deployment was known. */
  deploymentId: string | undefined;
  conversationId: string | undefined;
}

/** Names the run that a person has to decide first, in the outcome of a turn that was refused because of it. */
export async function withWaitingRun(
  client: SerenClient,
  conversation: Conversation,
  signal: AbortSignal,
  outcome: Outcome,
): Promise<Outcome> {
  const { error } = outcome;
  if (error?.code !== CONVERSATION_AWAITING || error.hintRunId) return outcome;
  const hintRunId = await findWaitingRun(client, conversation, signal);
  return hintRunId ? { ...outcome, error: { ...error, hintRunId } } : outcome;
}

/** The same in a failure, for a turn that was refused at once. */
export async function nameWaitingRun(
  client: SerenClient,
  conversation: Conversation,
  signal: AbortSignal,
  { details }: ExecutionFailure,
): Promise<void> {
  if (details.code !== CONVERSATION_AWAITING) return;
  const hintRunId = await findWaitingRun(client, conversation, signal);
  if (hintRunId) details.hintRunId = hintRunId;
}

/** Returns undefined where it cannot be found. Never rejects. */
async function findWaitingRun(
  client: SerenClient,
  { deploymentId, conversationId }: Conversation,
  parent: AbortSignal,
): Promise<string | undefined> {
  if (conversationId === undefined) return undefined;
  const isIt = (run: Run) =>
    run.status === AWAITING_APPROVAL &&
    run.conversationId === conversationId &&
    (deploymentId === undefined || (run.deploymentId ?? deploymentId) === deploymentId);
  const limit = { ambient: client.ambient, ms: SEARCH_LIMIT_MS, parent };
  const searching = withTimeLimit(limit, async (signal) => {
    const query = { conversationId, status: AWAITING_APPROVAL };
    const listed = await client.listRunPage(deploymentId, query, { signal }).catch(() => undefined);
    const found = listed?.runs.find(isIt);
    if (found) return found.id;
    const { rows } = await client.approvals.waitingRuns({ signal });
    const near = rows.filter(
      (row) => deploymentId === undefined || (row.deploymentId ?? deploymentId) === deploymentId,
    );
    for (const { runId } of near.slice(0, MAX_RECORDS)) {
      const run = await client.getRun(runId, { signal });
      if (isIt(run)) return run.id;
    }
    return undefined;
  });
  return searching.catch(() => undefined);
}

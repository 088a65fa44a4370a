/**
 * Finds the run of a create call whose answer did not name it (`docs/reference/seren-cloud-api.md`, section 3.11). A run is
 * recognised by the marker in its payload, and by the conversation and the message where a runtime drops the marker.
 */
import { createHash } from "node:crypto";
import { MAX_PAGE } from "#protocols/seren-cloud";
import { backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure, type FailureKind, isOneOf } from "../../support/failure.ts";
import { oldestFirst } from "../../support/oldest-first.ts";
import type { SerenClient } from "../client/client.ts";
import { isTerminal } from "../client/status.ts";
import { retrying } from "../http/retry.ts";
import type { Run } from "../model.ts";

/** How long the run is looked for before it counts as not created: lists may lag behind. */
const LOOKUP_WINDOW_MS = 6_000;
const LOOKUP_EVERY_MS = 500;
const AWAY_CAP_MS = 15_000;
/** Largest difference between the service's clock and ours. */
const CLOCK_SKEW_MS = 120_000;
/** Pages that are read at most. The list promises no order, so older pages are read where the first is not the newest. */
const MAX_PAGES = 20;

/** What is known about a create call whose answer was lost. */
export interface RunTrace {
  /** The marker in the create call. */
  requestId: string;
  deploymentId: string;
  /** When the call was made, in milliseconds since the epoch. */
  since: number;
  conversationId?: string | undefined;
  /** `digestOf` the message. */
  messageDigest?: string | undefined;
}

/** Returns the SHA-256 of the message in hex. An absent message has the digest of an empty one. */
export function digestOf(message: string | undefined): string {
  return createHash("sha256")
    .update(message ?? "")
    .digest("hex");
}

/** Returns the id of the run that a create call started; undefined when there is none. Waits while the service is away. */
export async function findRun(client: SerenClient, trace: RunTrace, signal: AbortSignal): Promise<string | undefined> {
  return (await lookUpRun(client, trace, signal))?.id;
}

/**
 * Returns the run that our create call started, if there is one. Reads the list repeatedly for `windowMs` milliseconds
 * after the service's first answer, and waits while the service is away. An abort ends it only after one window: a run
 * that exists can be cancelled only when its id is known. Throws `unknown_outcome` when it stays unknown.
 */
export async function lookUpRun(
  client: SerenClient,
  trace: RunTrace,
  signal: AbortSignal,
  windowMs = LOOKUP_WINDOW_MS,
): Promise<Run | undefined> {
  const { ambient } = client;
  const started = ambient.now();
  let answeredAt: number | undefined;
  let failures = 0;
  for (;;) {
    let wait = LOOKUP_EVERY_MS;
    try {
      const { records, unread } = await recentRuns(client, trace);
      const marked = records.filter((record) => record.requestId === trace.requestId);
      if (marked.length > 0) return await keepOldest(client, marked);
      answeredAt ??= ambient.now();
      // A run that only resembles ours is taken at the end of the window: ours may still appear beside it.
      if (ambient.now() - answeredAt >= windowMs) {
        if (unread > 0) throw unknownOutcome(new Error(`${unread} runs are too large to be looked at`));
        return onlyOne(records, trace);
      }
      failures = 0;
    } catch (error) {
      if (!(error instanceof ExecutionFailure) || !error.retryable) throw unknownOutcome(error);
      if (signal.aborted && ambient.now() - started >= windowMs) throw unknownOutcome(error);
      wait = Math.max(backoffMs(ambient, failures, LOOKUP_EVERY_MS, AWAY_CAP_MS), error.details.retryAfterMs ?? 0);
      failures += 1;
    }
    if (signal.aborted) await sleep(ambient, LOOKUP_EVERY_MS);
    else await sleep(ambient, wait, signal).catch(() => undefined); // an abort shortens the wait only
  }
}

export function unknownOutcome(cause: unknown): ExecutionFailure {
  if (cause instanceof ExecutionFailure && cause.kind === "unknown_outcome") return cause;
  return new ExecutionFailure(
    "unknown_outcome",
    "Seren Cloud's answer to starting the run was lost and the run could not be found; should it exist after all, it is cancelled",
    { cause, details: { hint: "list_runs" } },
  );
}

/** Returns the records that may be as new as the call. Throws `unknown_outcome` when the list is too long to be read. */
async function recentRuns(
  client: SerenClient,
  { deploymentId, since }: RunTrace,
): Promise<{ records: Run[]; unread: number }> {
  const byId = new Map<string, Run>();
  let unread = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const offset = page * MAX_PAGE.runs;
    const { runs, hasMore, tooLarge } = await client.listRunPage(deploymentId, { offset }, { attempts: 1 });
    for (const run of runs) byId.set(run.id, run);
    unread += tooLarge;
    if (!hasMore || reachesBack(runs, since - CLOCK_SKEW_MS)) return { records: [...byId.values()], unread };
  }
  throw unknownOutcome(new Error(`not among ${byId.size} runs, and there are more`));
}

/** Whether the page is sorted from new to old and ends before `time`, so that all later pages are older. */
function reachesBack(runs: Run[], time: number): boolean {
  const created = runs.map((run) => run.createdAt ?? Number.NaN);
  const newestFirst = created.every((at, index) => index === 0 || at <= (created[index - 1] ?? at));
  return newestFirst && (created.at(-1) ?? time) < time;
}

/** A call that was repeated after lost answers may have started several runs: the oldest is followed, the others cancelled. */
async function keepOldest(client: SerenClient, marked: Run[]): Promise<Run | undefined> {
  const [kept, ...surplus] = oldestFirst(marked);
  const { ambient, budget } = client;
  for (const { id, status } of surplus) {
    if (isTerminal(status)) continue;
    await retrying(() => client.cancelRun(id), { ambient, budget, attempts: 4 }).catch((error: unknown) => {
      if (!isOneOf(HAS_ENDED, error)) throw error;
    });
  }
  return kept;
}

/** Refusals of a cancel of a run that has ended. */
const HAS_ENDED: ReadonlySet<FailureKind> = new Set(["not_found", "conflict"]);

function onlyOne(records: Run[], trace: RunTrace): Run | undefined {
  if (!trace.conversationId || !trace.messageDigest) return undefined;
  const alike = records.filter(
    (record) =>
      record.conversationId === trace.conversationId &&
      record.requestId === undefined &&
      (record.createdAt ?? 0) >= trace.since - CLOCK_SKEW_MS &&
      digestOf(record.message) === trace.messageDigest,
  );
  if (alike.length > 1) {
    throw new ExecutionFailure("unknown_outcome", "more than one run on Seren Cloud could be this one", {
      details: { hint: "list_runs" },
    });
  }
  return alike[0];
}

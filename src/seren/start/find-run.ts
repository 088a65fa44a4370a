/**
 * Finds the run of a create call whose answer did not name it (`docs/reference/seren-cloud-api.md`, section 3.11). A run is
 * recognised by the marker in its payload, and by the conversation and the message where a runtime drops the marker.
 * "Nothing was created" is concluded only when every run that is new enough is plainly another one.
 */
import { createHash } from "node:crypto";
import { MAX_PAGE } from "#protocols/seren-cloud";
import { withTimeLimit } from "../../support/abort.ts";
import { backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure, type FailureKind, isOneOf } from "../../support/failure.ts";
import { oldestFirst } from "../../support/oldest-first.ts";
import type { SerenClient } from "../client/client.ts";
import { isTerminal } from "../client/status.ts";
import { CONVERSATION_BUSY } from "../http/problem.ts";
import { retrying } from "../http/retry.ts";
import { decodeRunEvent } from "../mapping/events.ts";
import type { Run } from "../model.ts";

/** How long the run is looked for before it counts as not created: lists may lag behind. */
const LOOKUP_WINDOW_MS = 6_000;
const LOOKUP_EVERY_MS = 500;
/** How long to look for a run that the service said it accepted, or may still be creating. */
export const LATE_WINDOW_MS = 30_000;
/** One reading of the list with all its pages. */
const READING_LIMIT_MS = 90_000;
const AWAY_CAP_MS = 15_000;
/** Largest difference between the service's clock and ours. */
const CLOCK_SKEW_MS = 120_000;
/** Pages that are read at most. The list promises no order, so older pages are read where the first is not the newest. */
const MAX_PAGES = 20;
/** Records read one by one because their rows in the list do not say whether they are ours. */
const MAX_RECORDS = 10;

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

const NO_MESSAGE = digestOf(undefined);

/** Returns the id of the run that a create call started; undefined when there is none. Waits while the service is away. */
export async function findRun(client: SerenClient, trace: RunTrace, signal: AbortSignal): Promise<string | undefined> {
  return (await lookUpRun(client, trace, signal))?.id;
}

/** The same for a call of a process that is gone, which the service may still be working on. */
export async function findBegunRun(
  client: SerenClient,
  trace: RunTrace,
  signal: AbortSignal,
): Promise<string | undefined> {
  const lateMs = trace.since + LATE_WINDOW_MS - client.ambient.now();
  return (await lookUpRun(client, trace, signal, Math.max(LOOKUP_WINDOW_MS, lateMs)))?.id;
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
      const { runs, unreadable } = await within(client, (signal) => recentRuns(client, trace, signal));
      const marked = runs.filter((run) => run.payload?.requestId === trace.requestId);
      if (marked.length > 0) return await within(client, (signal) => keepOldest(client, marked, signal));
      answeredAt ??= ambient.now();
      // A run that only resembles ours is taken at the end of the window: ours may still appear beside it.
      if (ambient.now() - answeredAt >= windowMs) {
        if (unreadable > 0) throw unknownOutcome(new Error(`${unreadable} runs cannot be read`));
        return await within(client, (signal) => lookCloser(client, runs, trace, signal));
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

/**
 * Returns the runs that may be as new as the call, up to the page on which ours stands. Throws `unknown_outcome` when the list is too
 * long to be read to its end, and when ours is in it without an id.
 */
async function recentRuns(
  client: SerenClient,
  { deploymentId, since, requestId }: RunTrace,
  signal: AbortSignal,
): Promise<{ runs: Run[]; unreadable: number }> {
  const found = new Map<string, Run>();
  let unreadable = 0;
  let offset = 0; // a page of large records has fewer of them than others
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const before = found.size;
    const listed = await client.listRunPage(deploymentId, { offset }, { attempts: 1, signal });
    offset += listed.runs.length + listed.unreadable;
    if (listed.unnamedRequestIds.includes(requestId)) {
      throw unknownOutcome(new Error("the run is in the list, without an id that can be read"));
    }
    for (const run of listed.runs) found.set(identityOf(run), run);
    unreadable += listed.unreadable;
    const isLast =
      !listed.hasMore ||
      listed.runs.some((run) => run.payload?.requestId === requestId) ||
      reachesBack(listed.runs, since - CLOCK_SKEW_MS);
    const hasNews = found.size > before;
    if (isLast || (!hasNews && listed.runs.length < MAX_PAGE.runs)) return { runs: [...found.values()], unreadable };
    if (!hasNews) break; // the same full page again: what lies behind it is not shown
  }
  throw unknownOutcome(new Error(`not among ${found.size} runs, and there are more`));
}

/** A row that stands on two pages is one; a list may give the same id to all of its rows, and then none hides another. */
function identityOf({ id, createdAt, conversationId, payload }: Run): string {
  return JSON.stringify([id, createdAt, conversationId, payload]);
}

/** Whether the page is sorted from new to old and ends before `time`, so that all later pages are older. */
function reachesBack(runs: Run[], time: number): boolean {
  const created = runs.map((run) => run.createdAt ?? Number.NaN);
  const newestFirst = created.every((at, index) => index === 0 || at <= (created[index - 1] ?? at));
  return newestFirst && (created.at(-1) ?? time) < time;
}

/** A call that was repeated after lost answers may have started several runs: the oldest is followed, the others cancelled. */
async function keepOldest(client: SerenClient, marked: Run[], signal: AbortSignal): Promise<Run | undefined> {
  const [kept, ...surplus] = oldestFirst(marked);
  const { ambient, budget } = client;
  for (const { id, status } of surplus) {
    if (isTerminal(status)) continue;
    await retrying(() => client.cancelRun(id), { ambient, budget, attempts: 4, signal }).catch((error: unknown) => {
      if (!isOneOf(HAS_ENDED, error)) throw error;
    });
  }
  return kept;
}

/** Refusals of a cancel of a run that has ended. */
const HAS_ENDED: ReadonlySet<FailureKind> = new Set(["not_found", "conflict"]);

/**
 * Decides by the runs that carry no marker: by their rows first, then by the records of those whose rows leave it open.
 * Throws `unknown_outcome` when one of them could be ours and cannot be told from somebody else's.
 */
async function lookCloser(
  client: SerenClient,
  runs: readonly Run[],
  trace: RunTrace,
  signal: AbortSignal,
): Promise<Run | undefined> {
  const open = runs.filter((run) => likenessOf(run, trace) !== "other");
  if (open.length > MAX_RECORDS) throw ambiguous();
  const records = await Promise.all(open.map((run) => recordOf(client, run, signal)));
  const marked = records.find((run) => run.payload?.requestId === trace.requestId);
  if (marked) return marked;
  const alike = records.filter((run) => likenessOf(run, trace) === "alike");
  if (alike.length > 1 || records.some((run) => likenessOf(run, trace) === "open")) throw ambiguous();
  return alike[0];
}

/** Returns the row itself where the record is not there yet. */
async function recordOf(client: SerenClient, run: Run, signal: AbortSignal): Promise<Run> {
  try {
    return await client.getRun(run.id, { attempts: 1, signal });
  } catch (error) {
    if (isOneOf(HAS_ENDED, error)) return run;
    throw error;
  }
}

/** `alike`: of our conversation and with our message. `open`: nothing speaks against it. */
function likenessOf(run: Run, trace: RunTrace): "alike" | "open" | "other" {
  const { payload, createdAt, conversationId, source } = run;
  const { messageDigest } = trace;
  if (payload?.requestId !== undefined) return payload.requestId === trace.requestId ? "alike" : "other";
  if (createdAt !== undefined && createdAt < trace.since - CLOCK_SKEW_MS) return "other";
  if (source !== undefined && NOT_BY_API.has(source)) return "other";
  if (isRefusedTurn(run)) return "other"; // nothing of it ran, and its turn is sent anew with the same message
  if (conversationId !== undefined && conversationId !== trace.conversationId) return "other";
  const isComparable = payload?.message !== undefined && messageDigest !== undefined;
  const sameMessage = isComparable
    ? digestOf(payload.message) === messageDigest
    : payload && messageDigest === NO_MESSAGE;
  if (isComparable && !sameMessage) return "other";
  return sameMessage && conversationId !== undefined && createdAt !== undefined ? "alike" : "open";
}

function isRefusedTurn({ eventRows = [] }: Run): boolean {
  const [only, ...others] = eventRows;
  const event = decodeRunEvent(only);
  return others.length === 0 && event?.type === "error" && event.code === CONVERSATION_BUSY;
}

/** The request's own signal does not reach these calls: a run that exists can be cancelled only when it was found. */
function within<T>(client: SerenClient, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withTimeLimit({ ambient: client.ambient, ms: READING_LIMIT_MS }, work);
}

/** Sources of runs that no create call made. */
const NOT_BY_API: ReadonlySet<string> = new Set(["scheduler", "ui", "system"]);

function ambiguous(): ExecutionFailure {
  return new ExecutionFailure("unknown_outcome", "more than one run on Seren Cloud could be this one", {
    details: { hint: "list_runs" },
  });
}

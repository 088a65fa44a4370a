/**
 * Starting a run at most once. The create call has no idempotency the service promises, so after any answer that does
 * not say what happened the run is looked up by a marker of ours before the call is repeated
 * (`seren-cloud-api` reference 1.5, 2.8, 3.11).
 */
import type { CreateRun, RunRecord } from "#protocols/seren-cloud";
import { backoffMs, sleep } from "../support/ambient.ts";
import { ExecutionFailure } from "../support/failure.ts";
import type { SerenClient } from "./client.ts";
import { CONVERSATION_BUSY, STARTING } from "./problem.ts";
import { isTerminal } from "./status.ts";

const STARTING_EVERY_MS = 2_000;
const STARTING_LIMIT_MS = 120_000;
/** Lists may lag behind: the run is looked for this long before "nothing was created" is believed. */
const LOOKUP_WINDOW_MS = 6_000;
const LOOKUP_EVERY_MS = 500;
/** Create calls whose fate was looked up and found to be nothing, before we give up. */
const MAX_LOST_CALLS = 3;
const MAX_RATE_LIMITED = 5;
const MAX_NEVER_SENT = 5;
const MAX_RETRY_AFTER_MS = 60_000;
/** How far the service's clock may differ from ours when a run is recognised without its marker. */
const CLOCK_SKEW_MS = 120_000;

export type StartedRun =
  | { kind: "tracked"; runId: string; executionId?: string }
  /** The run was finished before the call returned and has no record to follow. */
  | { kind: "inline"; status: string; text: string };

export interface StartOptions {
  /** Ends the waits between tries. The create call itself is never aborted, and a call of unknown fate is still looked up. */
  signal: AbortSignal;
  onWait?(reason: "starting" | "busy" | "rate_limited" | "looking_up"): void;
}

export async function startRun(
  client: SerenClient,
  deploymentId: string,
  request: CreateRun & { client_request_id: string },
  options: StartOptions,
): Promise<StartedRun> {
  const { ambient } = client;
  const since = ambient.now();
  let lost = 0;
  let limited = 0;
  let neverSent = 0;
  let busy = 0;
  for (;;) {
    options.signal.throwIfAborted();
    try {
      const { httpStatus, invocation } = await client.createRun(deploymentId, request);
      const runId = invocation.run_id ?? invocation.id ?? undefined;
      if (runId) {
        return { kind: "tracked", runId, ...(invocation.execution_id ? { executionId: invocation.execution_id } : {}) };
      }
      if (httpStatus === 200 && isTerminal(invocation.status)) {
        return { kind: "inline", status: invocation.status, text: inlineText(invocation.result) };
      }
      // Accepted, but not named: find it.
    } catch (error) {
      if (!(error instanceof ExecutionFailure)) throw error;
      const { details, kind } = error;
      if (details.code === STARTING) {
        if (ambient.now() - since > STARTING_LIMIT_MS) {
          throw new ExecutionFailure("unavailable", "the deployment was still starting after two minutes; try again", {
            cause: error,
          });
        }
        options.onWait?.("starting");
        await sleep(ambient, STARTING_EVERY_MS, options.signal);
        continue;
      }
      if (details.code === CONVERSATION_BUSY) {
        options.onWait?.("busy");
        await sleep(ambient, backoffMs(ambient, busy++, 1_000, 15_000), options.signal);
        continue;
      }
      if (kind === "rate_limited" && ++limited < MAX_RATE_LIMITED) {
        options.onWait?.("rate_limited");
        const wait = Math.max(backoffMs(ambient, limited, 1_000, 30_000), details.retryAfterMs ?? 0);
        if (wait > MAX_RETRY_AFTER_MS) throw error;
        await sleep(ambient, wait, options.signal);
        await client.budget.take(options.signal);
        continue;
      }
      if (details.neverSent && ++neverSent < MAX_NEVER_SENT) {
        await sleep(ambient, backoffMs(ambient, neverSent, 500, 8_000), options.signal);
        await client.budget.take(options.signal);
        continue;
      }
      if (details.neverSent || !isAmbiguous(error)) throw error;
    }
    options.onWait?.("looking_up");
    const found = await lookUp(client, deploymentId, request, since, options.signal);
    if (found)
      return { kind: "tracked", runId: found.id, ...(found.execution_id ? { executionId: found.execution_id } : {}) };
    lost += 1;
    if (lost >= MAX_LOST_CALLS) {
      throw new ExecutionFailure(
        "unavailable",
        "Seren Cloud did not start the run: its answers were lost and no run was found",
      );
    }
  }
}

/** Whether the failure leaves open if the run was created: anything after the request went out but a clear refusal. */
function isAmbiguous(failure: ExecutionFailure): boolean {
  return failure.kind === "unavailable" || failure.kind === "contract";
}

/**
 * The run our create call made, if there is one. Looks again and again for `LOOKUP_WINDOW_MS` after the service first
 * answered; keeps looking while the service is away. Not ended by the caller's abort until that window is over, because
 * a run that exists must be known to be cancelled.
 */
async function lookUp(
  client: SerenClient,
  deploymentId: string,
  request: CreateRun & { client_request_id: string },
  since: number,
  signal: AbortSignal,
): Promise<RunRecord | undefined> {
  const { ambient } = client;
  const started = ambient.now();
  let answeredAt: number | undefined;
  for (;;) {
    try {
      const found = recognise(await client.listRuns(deploymentId, {}, { attempts: 1 }), request, since);
      if (found) return found;
      answeredAt ??= ambient.now();
      if (ambient.now() - answeredAt >= LOOKUP_WINDOW_MS) return undefined;
    } catch (error) {
      if (!(error instanceof ExecutionFailure) || !error.retryable) throw unknownOutcome(error);
      if (signal.aborted && ambient.now() - started >= LOOKUP_WINDOW_MS) throw unknownOutcome(error);
    }
    await sleep(ambient, LOOKUP_EVERY_MS);
  }
}

function unknownOutcome(cause: unknown): ExecutionFailure {
  return new ExecutionFailure(
    "unknown_outcome",
    "Seren Cloud's answer to starting the run was lost and the run could not be looked up; it may be running: see `seren-bridge runs list`",
    { cause },
  );
}

function recognise(
  records: RunRecord[],
  request: CreateRun & { client_request_id: string },
  since: number,
): RunRecord | undefined {
  const payload = (record: RunRecord): Record<string, unknown> =>
    typeof record.invocation_payload === "object" && record.invocation_payload !== null
      ? { ...record.invocation_payload }
      : {};
  const marked = records.filter((record) => payload(record).client_request_id === request.client_request_id);
  if (marked.length > 0) return oldest(marked);
  if (!request.conversation_id) return undefined;
  // A runtime that drops unknown extras leaves the conversation and the message to go by.
  const alike = records.filter(
    (record) =>
      record.conversation_id === request.conversation_id &&
      payload(record).client_request_id === undefined &&
      payload(record).message === request.message &&
      Date.parse(record.created_at) >= since - CLOCK_SKEW_MS,
  );
  if (alike.length > 1) {
    throw new ExecutionFailure(
      "unknown_outcome",
      "more than one run on Seren Cloud could be this one; see `seren-bridge runs list`",
    );
  }
  return alike[0];
}

function oldest(records: RunRecord[]): RunRecord | undefined {
  return [...records].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at))[0];
}

/** The answer inside an inline result: the string itself, or the first string among the usual members. */
export function inlineText(result: unknown): string {
  if (typeof result === "string") return result;
  if (typeof result !== "object" || result === null) return "";
  const members: Record<string, unknown> = { ...result };
  for (const key of ["text", "content", "message", "output"]) {
    const value = members[key];
    if (typeof value === "string") return value;
  }
  return "";
}

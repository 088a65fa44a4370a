/**
 * Starts a run at most once. The service promises no idempotency for the create call. After a failure that leaves open
 * whether a run was started, the run is looked up by our marker before the call is repeated; where the service may still
 * be working on the call, it is never repeated (`docs/reference/seren-cloud-api.md`, sections 1.5, 2.8 and 3.11).
 */
import { backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { SerenClient } from "../client/client.ts";
import { isTerminal } from "../client/status.ts";
import { CONVERSATION_BUSY, isRefusal, STARTING } from "../http/problem.ts";
import type { Invocation, NewRun } from "../model.ts";
import { digestOf, LATE_WINDOW_MS, lookUpRun, type RunTrace, unknownOutcome } from "./find-run.ts";

const STARTING_EVERY_MS = 2_000;
const STARTING_LIMIT_MS = 120_000;
/** Create calls without a known result, after each of which no run was found. */
const MAX_LOST_CALLS = 3;
const MAX_RATE_LIMITED = 5;
const MAX_NEVER_SENT = 5;
const MAX_RETRY_AFTER_MS = 60_000;

export type StartedRun =
  /** `uncertain`: a call before the one that named this run may have started another. */
  | { kind: "tracked"; runId: string; executionId?: string; uncertain?: true }
  /** The run was finished before the call returned and has no record to follow. */
  | { kind: "inline"; status: string; text: string };

export interface StartOptions {
  /**
   * Ends the waits between calls. The create call itself is not aborted, and a run that may have been started is looked
   * up also after the abort.
   */
  signal: AbortSignal;
}

type Request = NewRun & { requestId: string };

/**
 * Returns the run, also when it was started after the abort, so that the caller can cancel it. Rejects with the signal's
 * reason only when no run was started, and with `unknown_outcome` when that is not known.
 */
export function startRun(
  client: SerenClient,
  deploymentId: string,
  request: Request,
  options: StartOptions,
): Promise<StartedRun> {
  return new Start(client, deploymentId, request, options).run();
}

/** What to do after a failed create call. */
type NextStep =
  /** `charged`: the repeat takes a token of the budget that all repeats of the process share. */
  { action: "repeat"; afterMs: number; charged: boolean } | { action: "give_up"; failure: ExecutionFailure };

class Start {
  readonly #client: SerenClient;
  readonly #request: Request;
  readonly #options: StartOptions;
  readonly #trace: RunTrace;
  /** A call was made that may have started a run. It is looked up before another call, and before giving up. */
  #mayExist = false;
  /** Time to look for it, where it differs from the usual one. */
  #windowMs: number | undefined;
  #lost = 0;
  #limited = 0;
  #neverSent = 0;
  #busy = 0;
  #startingSince: number | undefined;
  /** An id in an answer that is not a UUID, as every id of the service is. Used when the list does not show the run. */
  #doubtfulId: string | undefined;

  constructor(client: SerenClient, deploymentId: string, request: Request, options: StartOptions) {
    this.#client = client;
    this.#request = request;
    this.#options = options;
    this.#trace = {
      requestId: request.requestId,
      deploymentId,
      since: client.ambient.now(),
      conversationId: request.conversationId,
      messageDigest: digestOf(request.message),
    };
  }

  async run(): Promise<StartedRun> {
    const { signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const result = await this.#call();
      if (!(result instanceof ExecutionFailure)) return this.#mayExist ? uncertain(result) : result;
      const next = this.#afterFailure(result);
      if (next.action === "give_up") {
        const found = await this.#lookUp();
        if (found) return found;
        if (this.#doubtfulId) return tracked(this.#doubtfulId, undefined);
        throw next.failure;
      }
      const found = await this.#waitFor(next.afterMs);
      if (found) return found;
      if (next.charged) await this.#client.budget.take(signal);
    }
  }

  async #call(): Promise<StartedRun | ExecutionFailure> {
    try {
      const { httpStatus, invocation } = await this.#client.createRun(this.#trace.deploymentId, this.#request);
      const { runId } = invocation;
      this.#doubtfulId = runId !== undefined && !UUID.test(runId) ? runId : undefined;
      return startedOf(httpStatus, invocation);
    } catch (error) {
      if (error instanceof ExecutionFailure) return error;
      throw error;
    }
  }

  /**
   * Waits `ms` and looks for a run that may have been started: before the wait, and after it. An abort ends the wait and
   * is thrown after one more look. Returns the run when one is found.
   */
  async #waitFor(ms: number): Promise<StartedRun | undefined> {
    const { ambient } = this.#client;
    const { signal } = this.#options;
    const readyAt = ambient.now() + ms;
    for (;;) {
      const found = await this.#lookUp();
      if (found) return found;
      signal.throwIfAborted();
      const leftMs = readyAt - ambient.now();
      if (leftMs <= 0) return undefined;
      await sleep(ambient, leftMs, signal).catch(() => undefined);
    }
  }

  async #lookUp(): Promise<StartedRun | undefined> {
    if (!this.#mayExist) return undefined;
    const found = await lookUpRun(this.#client, this.#trace, this.#options.signal, this.#windowMs);
    return found && tracked(found.id, found.executionId);
  }

  #afterFailure(failure: ExecutionFailure): NextStep {
    const { ambient } = this.#client;
    const { kind, details } = failure;
    const retryAfterMs = details.retryAfterMs ?? 0;
    this.#windowMs = undefined;
    if (details.code === STARTING) {
      this.#startingSince ??= ambient.now();
      if (ambient.now() - this.#startingSince >= STARTING_LIMIT_MS) return giveUp(stillStarting(failure));
      return repeatAfter(STARTING_EVERY_MS);
    }
    if (kind === "conflict" && details.code === CONVERSATION_BUSY && this.#mayExist) {
      // It may be busy with the run of an earlier call, which is looked for before each repeat.
      return repeatAfter(Math.max(backoffMs(ambient, this.#busy++, 1_000, 15_000), retryAfterMs));
    }
    if (kind === "rate_limited") {
      this.#limited += 1;
      if (this.#limited >= MAX_RATE_LIMITED || retryAfterMs > MAX_RETRY_AFTER_MS) return giveUp(failure);
      const afterMs = Math.max(backoffMs(ambient, this.#limited, 1_000, 30_000), retryAfterMs);
      return repeatAfter(afterMs, { charged: true });
    }
    if (details.neverSent) {
      this.#neverSent += 1;
      if (this.#neverSent >= MAX_NEVER_SENT) return giveUp(failure);
      return repeatAfter(backoffMs(ambient, this.#neverSent, 500, 8_000), { charged: true });
    }
    if (isRefusal(failure)) return giveUp(failure);
    this.#mayExist = true;
    const accepted = details.status !== undefined && details.status < 300;
    if (accepted || details.overdue) {
      this.#windowMs = LATE_WINDOW_MS;
      return giveUp(unknownOutcome(failure));
    }
    this.#lost += 1;
    if (this.#lost >= MAX_LOST_CALLS || retryAfterMs > MAX_RETRY_AFTER_MS) return giveUp(unknownOutcome(failure));
    return repeatAfter(retryAfterMs, { charged: true });
  }
}

function repeatAfter(afterMs: number, { charged = false }: { charged?: boolean } = {}): NextStep {
  return { action: "repeat", afterMs, charged };
}

function giveUp(failure: ExecutionFailure): NextStep {
  return { action: "give_up", failure };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function stillStarting(cause: ExecutionFailure): ExecutionFailure {
  return new ExecutionFailure("unavailable", "the deployment was still starting after two minutes; try again", {
    cause,
  });
}

/** A success without a run id and without a terminal status means only that the run was accepted. */
function startedOf(httpStatus: number, invocation: Invocation): StartedRun | ExecutionFailure {
  const { runId, executionId } = invocation;
  if (runId && UUID.test(runId)) return tracked(runId, executionId);
  if (httpStatus === 200 && isTerminal(invocation.status)) {
    return { kind: "inline", status: invocation.status, text: inlineText(invocation.result) };
  }
  return new ExecutionFailure("contract", "Seren Cloud accepted the run and did not name it", {
    details: { status: httpStatus },
  });
}

function tracked(runId: string, executionId: string | undefined): StartedRun {
  return { kind: "tracked", runId, ...(executionId ? { executionId } : {}) };
}

function uncertain(started: StartedRun): StartedRun {
  return started.kind === "tracked" ? { ...started, uncertain: true } : started;
}

/** Returns the text of an inline result: the string itself, or the first string among the usual members. */
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

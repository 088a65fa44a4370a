/**
 * Starting a run at most once. The create call has no idempotency the service promises, so after any answer that does
 * not say what happened the run is looked up by a marker of ours before the call is repeated, and where the service may
 * still be working on the call it is never repeated (`docs/reference/seren-cloud-api.md`, sections 1.5, 2.8 and 3.11).
 */
import { backoffMs, sleep } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { SerenClient } from "../client/client.ts";
import { isTerminal } from "../client/status.ts";
import { CONVERSATION_BUSY, STARTING } from "../http/problem.ts";
import type { Invocation, NewRun } from "../model.ts";
import { digestOf, lookUpRun, type RunTrace, unknownOutcome } from "./find-run.ts";

const STARTING_EVERY_MS = 2_000;
const STARTING_LIMIT_MS = 120_000;
/** How long a run is looked for that the service said it accepted, or may still be making. */
const LATE_WINDOW_MS = 30_000;
/** Create calls whose fate was looked up and found to be nothing, before we give up. */
const MAX_LOST_CALLS = 3;
const MAX_RATE_LIMITED = 5;
const MAX_NEVER_SENT = 5;
const MAX_RETRY_AFTER_MS = 60_000;

export type StartedRun =
  | { kind: "tracked"; runId: string; executionId?: string }
  /** The run was finished before the call returned and has no record to follow. */
  | { kind: "inline"; status: string; text: string };

export interface StartOptions {
  /** Ends the waits between tries. The create call itself is never aborted, and a call of unknown fate is still looked up. */
  signal: AbortSignal;
  onWait?(reason: "starting" | "busy" | "rate_limited" | "looking_up"): void;
}

type Request = NewRun & { requestId: string };

/**
 * Rejects with the signal's reason only when no run was started, and with `unknown_outcome` when that cannot be told.
 * A run that came to be after the abort is answered like any other, so that the caller can cancel it.
 */
export function startRun(
  client: SerenClient,
  deploymentId: string,
  request: Request,
  options: StartOptions,
): Promise<StartedRun> {
  return new Start(client, deploymentId, request, options).run();
}

/** What a failed create call leads to. */
interface Next {
  /** The same call again after this; not at all when there is a verdict. */
  waitMs: number;
  verdict?: ExecutionFailure;
  /** Takes from the budget that all repeats of the process share. */
  charged?: boolean;
  /** How long the run is looked for first, when it is not certain that there is none. */
  windowMs?: number;
}

class Start {
  readonly #client: SerenClient;
  readonly #request: Request;
  readonly #options: StartOptions;
  readonly #trace: RunTrace;
  /** A call was made whose fate is not known. From then on nothing is called or given up before a look. */
  #unsure = false;
  #lost = 0;
  #limited = 0;
  #neverSent = 0;
  #busy = 0;
  #startingSince: number | undefined;

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
    const { ambient, budget } = this.#client;
    const { signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const answer = await this.#call();
      if (!(answer instanceof ExecutionFailure)) return answer;
      const next = this.#judge(answer);
      for (const readyAt = ambient.now() + next.waitMs; ; ) {
        const found = this.#unsure ? await this.#lookUp(next.windowMs) : undefined;
        if (found) return found;
        if (next.verdict) throw next.verdict;
        signal.throwIfAborted();
        if (ambient.now() >= readyAt) break;
        await sleep(ambient, readyAt - ambient.now(), signal).catch(() => undefined); // what is unsure is looked up first
      }
      if (next.charged) await budget.take(signal);
    }
  }

  async #call(): Promise<StartedRun | ExecutionFailure> {
    try {
      const { httpStatus, invocation } = await this.#client.createRun(this.#trace.deploymentId, this.#request);
      return startedOf(httpStatus, invocation);
    } catch (error) {
      if (error instanceof ExecutionFailure) return error;
      throw error;
    }
  }

  #judge(failure: ExecutionFailure): Next {
    const { ambient } = this.#client;
    const { kind, details } = failure;
    const retryAfterMs = details.retryAfterMs ?? 0;
    if (details.code === STARTING) {
      this.#startingSince ??= ambient.now();
      if (ambient.now() - this.#startingSince >= STARTING_LIMIT_MS)
        return { waitMs: 0, verdict: stillStarting(failure) };
      this.#options.onWait?.("starting");
      return { waitMs: STARTING_EVERY_MS };
    }
    if (kind === "conflict" && details.code === CONVERSATION_BUSY) {
      this.#options.onWait?.("busy");
      return { waitMs: Math.max(backoffMs(ambient, this.#busy++, 1_000, 15_000), retryAfterMs) };
    }
    if (kind === "rate_limited") {
      if (++this.#limited >= MAX_RATE_LIMITED || retryAfterMs > MAX_RETRY_AFTER_MS)
        return { waitMs: 0, verdict: failure };
      this.#options.onWait?.("rate_limited");
      return { waitMs: Math.max(backoffMs(ambient, this.#limited, 1_000, 30_000), retryAfterMs), charged: true };
    }
    if (details.neverSent) {
      if (++this.#neverSent >= MAX_NEVER_SENT) return { waitMs: 0, verdict: failure };
      return { waitMs: backoffMs(ambient, this.#neverSent, 500, 8_000), charged: true };
    }
    if (isRefusal(failure)) return { waitMs: 0, verdict: failure };
    this.#unsure = true;
    const accepted = details.status !== undefined && details.status < 300;
    if (accepted || details.overdue) {
      return { waitMs: 0, verdict: unknownOutcome(failure), windowMs: LATE_WINDOW_MS };
    }
    if (++this.#lost >= MAX_LOST_CALLS || retryAfterMs > MAX_RETRY_AFTER_MS) {
      return { waitMs: 0, verdict: unknownOutcome(failure) };
    }
    return { waitMs: retryAfterMs, charged: true };
  }

  async #lookUp(windowMs?: number): Promise<StartedRun | undefined> {
    this.#options.onWait?.("looking_up");
    const found = await lookUpRun(this.#client, this.#trace, this.#options.signal, windowMs);
    return found && tracked(found.id, found.executionId);
  }
}

/** Whether the failure says that nothing was started: any but a lost answer, a fault of the service, or one unreadable. */
function isRefusal({ kind, details: { status = 0 } }: ExecutionFailure): boolean {
  if (kind === "contract") return status >= 300 && status < 500;
  return kind !== "unavailable";
}

function stillStarting(cause: ExecutionFailure): ExecutionFailure {
  return new ExecutionFailure("unavailable", "the deployment was still starting after two minutes; try again", {
    cause,
  });
}

/** A success that names no run and is no finished one says only that the run was accepted. */
function startedOf(httpStatus: number, invocation: Invocation): StartedRun | ExecutionFailure {
  const { runId, executionId } = invocation;
  if (runId) return tracked(runId, executionId);
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

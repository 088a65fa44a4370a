/** Runs under limits: every front end starts its runs through this one function when a person has set any. */
import { Stopped } from "../../support/abort.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { dollars } from "../../support/money.ts";
import { type ExecutionEvent, type Outcome, type RunRef, SPENDING_LIMIT } from "../events.ts";
import type { Execute } from "../host/run-registry.ts";
import type { RunLimits, RunRequest } from "../request.ts";
import { costOf } from "../run/cost.ts";
import { StopSignal, stoppedBefore } from "../run/stop-signal.ts";
import type { Overrun, SpendGuard } from "./spend-guard.ts";

export function guardedExecute(execute: Execute, guard: SpendGuard): Execute {
  return (request, limits) => guarded(execute, guard, request, limits);
}

async function* guarded(
  execute: Execute,
  guard: SpendGuard,
  request: RunRequest,
  limits: RunLimits,
): AsyncGenerator<ExecutionEvent, Outcome, void> {
  // A run that is detached, or somebody else's, is not stopped by those who look on.
  const isOurs = (request.attachTo === undefined || request.owned === true) && !request.detach;
  const isKnown = request.attachTo !== undefined || request.begun?.runId !== undefined;
  const id = isKnown ? undefined : await admitted(guard, request, limits);
  const spending = new Spending(guard, id, isOurs, limits.signal);
  const noted = id === undefined ? request : { ...request, ledgerId: id };
  const events = execute(noted, { signal: spending.signal, deadline: limits.deadline });
  try {
    for (;;) {
      const step = await events.next();
      if (step.done) {
        const { outcome, warning } = await spending.conclude(step.value);
        if (warning) yield { type: "notice", level: "warning", message: warning };
        return outcome;
      }
      const event = step.value;
      if (event.type === "status" && event.run) await spending.follow(event.run);
      yield event;
    }
  } catch (error) {
    await spending.fail(asFailure(error).mayHaveStarted);
    throw error;
  } finally {
    spending.release();
    void events.return(undefined as never).catch(() => undefined); // the caller may leave in the middle
  }
}

/** Waits for its turn no longer than the request may take. */
async function admitted(guard: SpendGuard, request: RunRequest, limits: RunLimits): Promise<string> {
  const stop = new StopSignal(guard.ambient, limits);
  try {
    return await guard.admit(request, stop.signal);
  } catch (error) {
    if (stop.signal.aborted && !(error instanceof ExecutionFailure))
      throw stoppedBefore(stop.by, "before a run was started");
    throw error;
  } finally {
    stop.release();
  }
}

/** What one request spends. */
class Spending {
  readonly #guard: SpendGuard;
  /** Of its start in the ledger; undefined for a run that was started elsewhere or earlier. */
  readonly #id: string | undefined;
  readonly #isOurs: boolean;
  readonly #stop = new AbortController();
  readonly #release: () => void;
  #watching = new AbortController();
  #run: RunRef | undefined;
  #over: Overrun | undefined;

  constructor(guard: SpendGuard, id: string | undefined, isOurs: boolean, signal: AbortSignal) {
    this.#guard = guard;
    this.#id = id;
    this.#isOurs = isOurs;
    const onAbort = () => this.#stop.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.#release = () => signal.removeEventListener("abort", onAbort);
  }

  /** Aborted with the caller's signal, and when a limit is reached. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  async follow(run: RunRef): Promise<void> {
    if (run.runId === this.#run?.runId) return;
    this.#run = run;
    this.#watching.abort();
    this.#watching = new AbortController();
    if (this.#id !== undefined) await this.#guard.attribute({ ledgerId: this.#id, ...run });
    if (!this.#isOurs) return;
    void this.#guard.watch(run, this.#watching.signal).then((over) => {
      if (!over || this.#watching.signal.aborted) return;
      this.#over = over;
      this.#stop.abort(new Stopped("limit"));
    });
  }

  /** Returns the outcome with what a limit has to do with it. */
  async conclude(outcome: Outcome): Promise<{ outcome: Outcome; warning?: string }> {
    this.#watching.abort();
    const { run, kind, usage, open } = outcome;
    const spent = costOf(usage);
    if (run && !open && kind !== "awaiting_approval") await this.#guard.conclude(run.runId, spent);
    if (!run && this.#id !== undefined) await this.#guard.note({ kind: "none", id: this.#id });
    const over = this.#over;
    // Another end may have been faster.
    if (over && outcome.stoppedBy === "limit" && outcome.error && (kind === "cancelled" || open)) {
      const ofRun = over.key.endsWith(".run_usd");
      const total = ofRun ? Math.max(over.total, spent ?? 0) : over.total;
      const what = ofRun ? "the run has cost" : "runs of today have cost";
      const message = `cancelled at ${over.key}, which is ${dollars(over.limit)}: ${what} ${dollars(total)}, ${dollars(total - over.limit)} over it. Only a person may raise it`;
      const words = open ? `${message}; ${outcome.error.message}` : message;
      // The user did not ask for the cancel that a limit sent.
      return {
        outcome: { ...outcome, kind: "failed", error: { ...outcome.error, message: words, code: SPENDING_LIMIT } },
      };
    }
    const limit = this.#isOurs ? this.#guard.runLimit : undefined;
    if (limit === undefined || spent === undefined || spent <= limit) return { outcome };
    const warning = `the run has cost ${dollars(spent)}, ${dollars(spent - limit)} over the limit of one run, before that could be seen`;
    return { outcome, warning };
  }

  /** `mayRun`: a run may have been started all the same. One that is known is settled when it is seen to end. */
  async fail(mayRun: boolean): Promise<void> {
    if (this.#id !== undefined && !this.#run && !mayRun) await this.#guard.note({ kind: "none", id: this.#id });
  }

  release(): void {
    this.#watching.abort();
    this.#release();
  }
}

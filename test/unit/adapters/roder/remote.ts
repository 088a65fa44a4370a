/** Fake remote runs that a test controls. */
import type { ExecutionEvent, Outcome, RunLimits, RunRef, RunReport, RunRequest } from "../../../../src/core/index.ts";
import type { StopCause } from "../../../../src/support/abort.ts";
import { stopCauseOf } from "../../../../src/support/abort.ts";
import type { Ambient } from "../../../../src/support/ambient.ts";
import { ExecutionFailure } from "../../../../src/support/failure.ts";

export const RUN: RunRef = {
  runId: "6f0e8f53-2a0e-45a5-8d0e-3b7b0c1d2e4f",
  deploymentId: "0b5d2c55-7c0b-4f5e-9a10-1f2e3d4c5b6a",
};

type Step = { event: ExecutionEvent } | { outcome: Outcome } | { failure: unknown };

/** One run. It ends as cancelled when it is stopped, unless it is `stubborn`. */
export class Remote {
  /** Why the run was stopped, once it was. */
  stoppedBy: StopCause | undefined;
  /** Does not end when it is stopped. */
  stubborn = false;
  run: RunRef | undefined;
  text = "";
  readonly request: RunRequest;
  readonly limits: RunLimits;
  readonly #steps: Step[] = [];
  #wake: () => void = () => undefined;

  constructor(ambient: Ambient, request: RunRequest, limits: RunLimits) {
    this.request = request;
    this.limits = limits;
    limits.signal.addEventListener("abort", () => this.#stop(stopCauseOf(limits.signal) ?? "host"));
    ambient.timer(limits.deadline - ambient.now(), () => this.#stop("deadline"), { unref: true });
  }

  /** Gives the run its id. */
  name(run: RunRef = RUN): this {
    this.run = run;
    return this.push({ type: "status", phase: "queued", run });
  }

  push(...events: ExecutionEvent[]): this {
    this.#steps.push(...events.map((event) => ({ event })));
    this.#wake();
    return this;
  }

  say(text: string): this {
    this.text += text;
    return this.push({ type: "text", text });
  }

  end(outcome: Partial<Outcome> = {}): this {
    const whole: Outcome = { kind: "completed", text: this.text, artifacts: [], approvals: [], ...outcome };
    this.#steps.push({ outcome: this.run ? { run: this.run, ...whole } : whole });
    this.#wake();
    return this;
  }

  fail(failure: unknown): this {
    this.#steps.push({ failure });
    this.#wake();
    return this;
  }

  async *generate(): AsyncGenerator<ExecutionEvent, Outcome, void> {
    for (;;) {
      const step = this.#steps.shift();
      if (!step) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if ("event" in step) yield step.event;
      else if ("outcome" in step) return step.outcome;
      else throw step.failure;
    }
  }

  #stop(by: StopCause): void {
    if (this.stoppedBy) return;
    this.stoppedBy = by;
    if (this.stubborn) return;
    const kind = by === "deadline" ? "timed_out" : "cancelled";
    if (this.run) this.end({ kind, stoppedBy: by });
    else this.fail(new ExecutionFailure(kind, `the request was ${kind} before a run was started`));
  }
}

/** The directory of remote runs, for the tools. */
export class FakeRuns {
  readonly reports = new Map<string, RunReport>();
  readonly cancelled: string[] = [];
  /** Makes no reply, like a service that hangs. */
  hangs = false;

  async status(runId: string): Promise<RunReport> {
    if (this.hangs) return new Promise(() => undefined);
    return this.reports.get(runId) ?? Promise.reject(new ExecutionFailure("not_found", "there is no such run"));
  }

  async cancel(runId: string): Promise<undefined> {
    if (this.hangs) return new Promise(() => undefined);
    if (!this.reports.has(runId)) throw new ExecutionFailure("not_found", "there is no such run");
    this.cancelled.push(runId);
  }
}

/**
 * Tells what a waiting run waits for as soon as it waits: while its stream stays open, the run's state says that it waits
 * and not for what.
 */
import type { ExecutionEvent, RunRef } from "../../../core/index.ts";
import type { Context } from "../services.ts";

type Wait = Extract<ExecutionEvent, { type: "approval_wait" }>;

export class WaitingWatch {
  readonly #context: Context;
  readonly #tell: (wait: Wait) => void;
  #run: RunRef | undefined;
  #waiting = false;
  #told = "";

  constructor(context: Context, tell: (wait: Wait) => void) {
    this.#context = context;
    this.#tell = tell;
  }

  /** Whether the event is news; a repeated `approval_wait` is not. */
  isNews(event: ExecutionEvent): boolean {
    if (event.type === "approval_wait") return this.#isNew(event);
    if (event.type !== "status") return true;
    this.#run = event.run ?? this.#run;
    const waits = event.phase === "awaiting_approval";
    if (waits && !this.#waiting) void this.#ask();
    this.#waiting = waits;
    return true;
  }

  async #ask(): Promise<void> {
    const { approvals } = await this.#context.services.remote();
    if (!this.#run) return;
    try {
      const { requests } = await approvals.checkpoint(this.#run.runId);
      const wait: Wait = {
        type: "approval_wait",
        approvals: requests.map(({ id, tool, reason }) => ({ id, tool, ...(reason ? { reason } : {}) })),
      };
      if (this.#waiting && this.#isNew(wait)) this.#tell(wait);
    } catch {
      // decided meanwhile, or the service is away: the run's own events say more
    }
  }

  #isNew({ approvals }: Wait): boolean {
    const key = approvals.map(({ id }) => id).join("\n");
    if (key === this.#told) return false;
    this.#told = key;
    return true;
  }
}

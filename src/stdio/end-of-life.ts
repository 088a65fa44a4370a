/** How a wire ends: the first cause counts, and every wait is bounded. */
import type { Ambient } from "../support/ambient.ts";
import type { Log } from "../support/log.ts";
import { settleWithin } from "../support/settle-within.ts";
import type { RequestLedger } from "./request-ledger.ts";
import type { EndCause } from "./wire.ts";

/** How long the last lines may wait for a host that has stopped reading. */
const FLUSH_BUDGET_MS = 500;

export interface EndOfLifeOptions {
  onEnd(cause: EndCause): Promise<void>;
  /** Milliseconds for `onEnd` and for the replies to open requests, together. */
  endBudgetMs: number;
  ledger: RequestLedger;
  flushed(): Promise<void>;
  /** Releases the streams. */
  close(): void;
  ambient: Ambient;
  log: Log;
}

export class EndOfLife {
  /** Resolves with the cause when the last reply has left or has had its time. Never rejects. */
  readonly ended: Promise<EndCause>;
  readonly #options: EndOfLifeOptions;
  #resolve: (cause: EndCause) => void = () => undefined;
  #begun = false;

  constructor(options: EndOfLifeOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get begun(): boolean {
    return this.#begun;
  }

  begin(cause: EndCause): void {
    if (this.#begun) return;
    this.#begun = true;
    void this.#run(cause).then(() => this.#resolve(cause));
  }

  async #run(cause: EndCause): Promise<void> {
    const { ledger, endBudgetMs, ambient, log } = this.#options;
    log("info", "the wire ends", { cause, unanswered: ledger.unanswered });
    const stopped = this.#callOnEnd(cause);
    const ended = Promise.all([stopped, ledger.allAnswered()]);
    const inTime = await settleWithin(ambient, endBudgetMs, ended, { unref: false });
    if (!inTime) log("warn", "not everything stopped in time", { unanswered: ledger.unanswered });
    ledger.abandonAll();
    const flushed = ledger.allAnswered().then(() => this.#options.flushed());
    await settleWithin(ambient, FLUSH_BUDGET_MS, flushed, { unref: false });
    this.#options.close();
  }

  async #callOnEnd(cause: EndCause): Promise<void> {
    try {
      await this.#options.onEnd(cause);
    } catch (error) {
      this.#options.log("error", "stopping what runs failed", {
        error: error instanceof Error ? error.name : "thrown",
      });
    }
  }
}

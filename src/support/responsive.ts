/**
 * A limit for the work of a disk. A folder on a network that is gone does not report an error: a call never returns, and
 * each such call holds one of the few threads on which Node also looks up host names.
 */
import type { Ambient } from "./ambient.ts";
import { ExecutionFailure } from "./failure.ts";
import { noteHanging } from "./hanging-calls.ts";
import { settleWithin } from "./settle-within.ts";

/** A run is not held up longer. */
const REPLY_LIMIT_MS = 5_000;

export class Responsive {
  readonly #path: string;
  readonly #ambient: Ambient;
  readonly #instead: string;
  /** Work that was given up and has not returned. */
  #overdue = 0;

  /** `instead`: what else a person can do, in words that continue "or". */
  constructor(path: string, ambient: Ambient, instead = "") {
    this.#path = path;
    this.#ambient = ambient;
    this.#instead = instead && `, or ${instead}`;
  }

  /**
   * Returns what `work` does. Rejects with `unavailable` when that takes too long, and at once, without trying, as long as
   * earlier work has not returned.
   */
  async ask<T>(work: () => Promise<T>, limitMs = REPLY_LIMIT_MS): Promise<T> {
    if (this.#overdue > 0) throw this.#silent();
    const working = work();
    if (await settleWithin(this.#ambient, limitMs, working, { unref: false })) return working;
    this.#overdue += 1;
    noteHanging(working);
    const back = () => {
      this.#overdue -= 1;
    };
    working.then(back, back);
    throw this.#silent();
  }

  #silent(): ExecutionFailure {
    return new ExecutionFailure(
      "unavailable",
      `${this.#path} does not reply; check the disk or network folder it is on${this.#instead}`,
    );
  }
}

/** How many rows go on at a time: fewer when the service refuses or is away, one more again with each that gets through. */
import { type Ambient, backoffMs } from "../../support/ambient.ts";
import type { ExecutionFailure } from "../../support/failure.ts";

const PAUSE_BASE_MS = 2_000;
const PAUSE_CAP_MS = 60_000;
/** When nothing gets through for this long, the batch stops. */
const GIVE_UP_MS = 15 * 60_000;

export class Pace {
  readonly #ambient: Ambient;
  readonly #most: number;
  #limit: number;
  #pausedUntil = 0;
  #refused = 0;
  #refusedSince: number | undefined;

  constructor(ambient: Ambient, most: number) {
    this.#ambient = ambient;
    this.#most = most;
    this.#limit = most;
  }

  /** Rows that may go on at a time. */
  get limit(): number {
    return this.#limit;
  }

  /** Milliseconds until another row may be begun. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntil - this.#ambient.now());
  }

  /** A row could not be begun for now. Returns whether it is worth waiting. `active`: how many went on beside it. */
  refused({ details }: ExecutionFailure, active: number): boolean {
    const now = this.#ambient.now();
    const { retryAfterMs = 0 } = details;
    this.#refusedSince ??= now;
    this.#limit = Math.max(1, Math.min(this.#limit, Math.floor(active / 2)));
    const pauseMs = Math.max(retryAfterMs, backoffMs(this.#ambient, this.#refused, PAUSE_BASE_MS, PAUSE_CAP_MS));
    this.#refused += 1;
    this.#pausedUntil = Math.max(this.#pausedUntil, now + pauseMs);
    return now + retryAfterMs - this.#refusedSince < GIVE_UP_MS;
  }

  gotThrough(): void {
    this.#refused = 0;
    this.#refusedSince = undefined;
    this.#limit = Math.min(this.#most, this.#limit + 1);
  }
}

/**
 * How often something is said. A host gets neither every step of a run nor a flood: progress is held back until its turn
 * has come, and a turn that is still going on (a slow host) is never overtaken by the next.
 */
import type { Ambient } from "../../support/ambient.ts";

/**
 * Gives turns: at most one every `everyMs` milliseconds, never two at a time. A turn that rejects counts as taken; what
 * it was about is the caller's business.
 */
export class Throttle {
  readonly #ambient: Ambient;
  readonly #everyMs: number;
  readonly #turn: () => Promise<void> | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  #asked: "no" | "in turn" | "at once" = "no";
  #busy = false;
  #closed = false;
  #stopTimer: (() => void) | undefined;

  constructor(ambient: Ambient, everyMs: number, turn: () => Promise<void> | undefined) {
    this.#ambient = ambient;
    this.#everyMs = everyMs;
    this.#turn = turn;
  }

  /** Asks for a turn: taken now if the last one is long enough ago or `atOnce` is set, else as soon as it may be. */
  ask(atOnce = false): void {
    if (this.#closed) return;
    if (this.#busy) {
      if (this.#asked !== "at once") this.#asked = atOnce ? "at once" : "in turn";
      return;
    }
    const waitMs = atOnce ? 0 : this.#nextAt - this.#ambient.now();
    if (waitMs <= 0) this.#take();
    else this.#stopTimer ??= this.#ambient.timer(waitMs, () => this.#take(), { unref: true });
  }

  /** No more turns; one that is going on is not interrupted. */
  close(): void {
    this.#closed = true;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #take(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#nextAt = this.#ambient.now() + this.#everyMs;
    const taken = this.#turn();
    if (!taken) return;
    this.#busy = true;
    const release = () => {
      this.#busy = false;
      const asked = this.#asked;
      this.#asked = "no";
      if (asked !== "no") this.ask(asked === "at once");
    };
    taken.then(release, release);
  }
}

/** A number of times something may be done at once, each of which is earned back after `everyMs`. */
export class Allowance {
  readonly #ambient: Ambient;
  readonly #most: number;
  readonly #everyMs: number;
  #left: number;
  #countedAt: number;

  constructor(ambient: Ambient, most: number, everyMs: number) {
    this.#ambient = ambient;
    this.#most = most;
    this.#everyMs = everyMs;
    this.#left = most;
    this.#countedAt = ambient.now();
  }

  get isSpent(): boolean {
    const now = this.#ambient.now();
    this.#left = Math.min(this.#most, this.#left + (now - this.#countedAt) / this.#everyMs);
    this.#countedAt = now;
    return this.#left < 1;
  }

  /** Whether there was one left. */
  spend(): boolean {
    if (this.isSpent) return false;
    this.#left -= 1;
    return true;
  }
}

export interface CoalescerLimits {
  /** Shortest time between two values, in milliseconds. */
  everyMs: number;
  /** How many urgent values may go ahead of their turn; one is earned back every `everyMs`. */
  burst: number;
}

/** Passes on the latest of many values: what is offered while another waits for its turn replaces it. */
export class Coalescer<T> {
  readonly #pacer: Throttle;
  readonly #ahead: Allowance;
  #held: { value: T } | undefined;

  constructor(ambient: Ambient, limits: CoalescerLimits, send: (value: T) => Promise<void> | undefined) {
    this.#ahead = new Allowance(ambient, limits.burst, limits.everyMs);
    this.#pacer = new Throttle(ambient, limits.everyMs, () => {
      const held = this.#held;
      this.#held = undefined;
      return held && send(held.value);
    });
  }

  /** `urgent` values (a change of state) do not wait for their turn as long as the burst lasts. */
  offer(value: T, urgent = false): void {
    this.#held = { value };
    this.#pacer.ask(urgent && this.#ahead.spend());
  }

  /** Forgets what waits and passes on nothing more. */
  close(): void {
    this.#held = undefined;
    this.#pacer.close();
  }
}

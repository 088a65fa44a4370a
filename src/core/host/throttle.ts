/**
 * Limits how often something is done, and never lets two turns overlap: a turn that is still going on (a slow host) is not
 * overtaken by the next.
 */
import type { Ambient } from "../../support/ambient.ts";

/**
 * Gives turns: at most one every `everyMs` milliseconds, never two at a time. A turn that rejects counts as taken; the
 * error is the caller's to handle.
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

  /** Asks for a turn. It is taken now if the last one is long enough ago or `atOnce` is set, else as soon as it may be. */
  ask({ atOnce = false }: { atOnce?: boolean } = {}): void {
    if (this.#closed) return;
    if (this.#busy) {
      if (this.#asked !== "at once") this.#asked = atOnce ? "at once" : "in turn";
      return;
    }
    const waitMs = atOnce ? 0 : this.#nextAt - this.#ambient.now();
    if (waitMs <= 0) this.#take();
    else this.#stopTimer ??= this.#ambient.timer(waitMs, () => this.#take(), { unref: true });
  }

  /** Gives no more turns. One that is going on is not interrupted. */
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
      if (asked !== "no") this.ask({ atOnce: asked === "at once" });
    };
    taken.then(release, release);
  }
}

/** Work that several callers need at once: done once per key, stopped when the last of them is gone. */
import { orAborted } from "./abort.ts";

interface Going<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

export class SingleFlight<T> {
  readonly #going = new Map<string, Going<T>>();

  /**
   * Joins the work that is going on under `key`, or begins it. Rejects with the reason of `signal` as soon as that
   * aborts; the work itself is aborted only when nobody waits for it any more.
   */
  async join(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const one = this.#going.get(key) ?? this.#begin(key, work);
      one.waiting += 1;
      try {
        return await orAborted(one.result, signal);
      } catch (error) {
        // Joined after everybody else had left it: it is over now, and begins again for us.
        if (signal.aborted || !one.stop.signal.aborted) throw error;
      } finally {
        one.waiting -= 1;
        if (one.waiting === 0) one.stop.abort(signal.reason);
      }
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Going<T> {
    const stop = new AbortController();
    const result = work(stop.signal).finally(() => this.#going.delete(key));
    result.catch(() => undefined); // whoever still waits hears of it
    const one: Going<T> = { result, stop, waiting: 0 };
    this.#going.set(key, one);
    return one;
  }
}

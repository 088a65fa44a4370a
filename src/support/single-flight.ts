/** Work that several callers need at the same time is done once for each key, and stopped when the last one has left. */
import { orAborted } from "./abort.ts";

interface Going<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
}

export class SingleFlight<T> {
  readonly #going = new Map<string, Going<T>>();

  /**
   * Joins the work in progress under `key`, or starts it. Rejects with the reason of `signal` as soon as that aborts; the
   * work itself is aborted when its last caller has left.
   */
  async join(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      const one = this.#going.get(key) ?? this.#begin(key, work);
      one.waiting += 1;
      try {
        return await orAborted(one.result, signal);
      } catch (error) {
        // The work was aborted for the callers before us: it starts again.
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
    result.catch(() => undefined); // each caller gets the rejection from `join`
    const one: Going<T> = { result, stop, waiting: 0 };
    this.#going.set(key, one);
    return one;
  }
}

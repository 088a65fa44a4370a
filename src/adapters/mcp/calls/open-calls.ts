/** Requests that may wait: a cancelled one gets no reply, and the end of the server ends the waits of all. */
import { NO_REPLY } from "../../../stdio/index.ts";

export class OpenCalls {
  readonly #hurries = new Set<AbortController>();

  /** `hurried` is aborted with `cancelled`, and by `hurry`. */
  async run(cancelled: AbortSignal, work: (hurried: AbortSignal) => object | Promise<object>): Promise<object> {
    const one = new AbortController();
    cancelled.addEventListener("abort", () => one.abort(cancelled.reason), { once: true });
    this.#hurries.add(one);
    try {
      return await work(one.signal);
    } catch (error) {
      if (cancelled.aborted) return NO_REPLY;
      throw error;
    } finally {
      this.#hurries.delete(one);
    }
  }

  hurry(reason: Error): void {
    for (const one of this.#hurries) one.abort(reason);
  }
}

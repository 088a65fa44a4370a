/** The concurrency primitives of Roder's host: a fair lock, and a channel with a capacity of 256. */
import type { Ambient } from "../../../src/support/ambient.ts";

const CHANNEL_PLACES = 256;

export class Lock {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `work` while holding the lock. Returns its result. */
  async hold<T>(work: () => Promise<T> | T): Promise<T> {
    const before = this.#tail;
    let release: () => void = () => undefined;
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    try {
      return await work();
    } finally {
      release();
    }
  }
}

export class Channel<T> {
  readonly #places: T[] = [];
  readonly #senders: (() => void)[] = [];
  #receiver: (() => void) | undefined;
  #closed = false;

  /** Resolves when the value is queued, or at once when the channel is closed. */
  async send(value: T): Promise<void> {
    while (!this.#closed && this.#places.length >= CHANNEL_PLACES)
      await new Promise<void>((resolve) => void this.#senders.push(resolve));
    if (this.#closed) return;
    this.#places.push(value);
    this.#receiver?.();
  }

  /** Returns the next value, or undefined at `deadline`. A queued value takes precedence over an expired deadline. */
  async receive(ambient: Ambient, deadline = Number.POSITIVE_INFINITY): Promise<T | undefined> {
    while (this.#places.length === 0) {
      const left = deadline - ambient.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const stop = Number.isFinite(left) ? ambient.timer(left, resolve) : () => undefined;
        this.#receiver = () => {
          stop();
          resolve();
        };
      });
      this.#receiver = undefined;
    }
    const value = this.#places.shift();
    this.#senders.shift()?.();
    return value;
  }

  /** Closes the receiving end and releases all senders. */
  close(): void {
    this.#closed = true;
    for (const go of this.#senders.splice(0)) go();
    this.#receiver?.();
  }
}

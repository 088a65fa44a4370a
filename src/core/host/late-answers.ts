/**
 * Questions that are given up after a while, because their caller has to be answered, and asked again. The work for one that was
 * given up goes on, and whoever asks the same again gets its answer: else a service that needs longer than the limit would
 * never be heard, and each new question would only slow down the ones before.
 */
import { orAborted } from "../../support/abort.ts";
import type { Ambient } from "../../support/ambient.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import { settleWithin } from "../../support/settle-within.ts";

/** Questions that were given up and are remembered; one that is forgotten is begun anew. */
const MAX_LATE = 16;
/**
 * An answer that nobody has fetched for so long no longer says how things are, and one that has not come for so long may never
 * come, as over a connection that is dead.
 */
const FRESH_MS = 20_000;

interface Late<T> {
  readonly answer: Promise<T>;
  /** When it was given up, and then when it came. */
  at: number;
}

interface Patience {
  /** The caller is answered after so many milliseconds at the latest. */
  ms: number;
  /** As long as this is not aborted, it waits until then. */
  more?: { until: number; hurried: AbortSignal } | undefined;
}

export class LateAnswers<T> {
  readonly #ambient: Ambient;
  readonly #late = new Map<string, Late<T>>();

  constructor(ambient: Ambient) {
    this.#ambient = ambient;
  }

  /** Settles as `work` does, or rejects with `unavailable`. `key` is the same for the same question only. */
  async ask(key: string, { ms, more }: Patience, work: () => Promise<T>): Promise<T> {
    const answer = this.#lateAnswer(key) ?? work();
    const inTime = (await settleWithin(this.#ambient, ms, answer)) || (await this.#waitMore(answer, more));
    if (inTime) {
      if (this.#late.get(key)?.answer === answer) this.#late.delete(key);
      return answer;
    }
    this.#keep(key, answer);
    throw new ExecutionFailure("unavailable", "Seren Cloud has not answered yet; ask again in a moment");
  }

  async #waitMore(answer: Promise<T>, more: Patience["more"]): Promise<boolean> {
    if (!more || more.hurried.aborted) return false;
    const rest = more.until - this.#ambient.now();
    if (rest <= 0) return false;
    let answered = false;
    const done = () => {
      answered = true;
    };
    const watched = answer.then(done, done);
    await settleWithin(this.#ambient, rest, orAborted(watched, more.hurried));
    return answered;
  }

  #lateAnswer(key: string): Promise<T> | undefined {
    const late = this.#late.get(key);
    if (late && this.#ambient.now() - late.at <= FRESH_MS) return late.answer;
    this.#late.delete(key);
    return undefined;
  }

  #keep(key: string, answer: Promise<T>): void {
    if (this.#late.has(key)) return;
    const late: Late<T> = { answer, at: this.#ambient.now() };
    const settled = () => {
      late.at = this.#ambient.now();
    };
    answer.then(settled, settled);
    this.#late.set(key, late);
    const [oldest] = this.#late.keys();
    if (this.#late.size > MAX_LATE && oldest !== undefined) this.#late.delete(oldest);
  }
}

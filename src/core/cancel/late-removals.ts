/**
 * Entries of the journal that could not be removed: the disk refused, did not reply, or another program had them open. They
 * are tried again, because the next start would look for their runs.
 */
import type { Ambient } from "../../support/ambient.ts";

const TRY_AGAIN_MS = 30_000;

export class LateRemovals {
  readonly #remove: (name: string) => Promise<void>;
  readonly #ambient: Ambient;
  readonly #names = new Set<string>();
  #trying: Promise<void> = Promise.resolve();
  #stopTimer: (() => void) | undefined;

  constructor(remove: (name: string) => Promise<void>, ambient: Ambient) {
    this.#remove = remove;
    this.#ambient = ambient;
  }

  /** Whether nothing is left to be removed. */
  get none(): boolean {
    return this.#names.size === 0;
  }

  add(name: string): void {
    this.#names.add(name);
    this.#stopTimer ??= this.#ambient.timer(TRY_AGAIN_MS, () => this.#onTimer(), { unref: true });
  }

  /** The name is used again. Resolves when nothing here removes it any more. */
  async keep(name: string): Promise<void> {
    if (this.#names.delete(name)) await this.#trying;
  }

  /** Tries all of them once. Never rejects. */
  tryAll(): Promise<void> {
    this.#trying = this.#trying.then(() => this.#tryEach());
    return this.#trying;
  }

  async #tryEach(): Promise<void> {
    for (const name of [...this.#names]) {
      if (!this.#names.has(name)) continue;
      try {
        await this.#remove(name);
        this.#names.delete(name);
      } catch {
        // it was told when it failed first
      }
    }
  }

  #onTimer(): void {
    this.#stopTimer = undefined;
    void this.tryAll().then(() => {
      for (const name of this.#names) this.add(name);
    });
  }
}

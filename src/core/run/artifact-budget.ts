/**
 * Which artifacts of a run fit together. They are fetched side by side and judged in their order, so that what is kept does not
 * depend on which address is fast.
 */
export interface BudgetLimits {
  /** Bytes of all that is kept. */
  total: number;
  /** Bytes of the largest artifact. */
  each: number;
}

export class ArtifactBudget {
  readonly #limits: BudgetLimits;
  /** Bytes kept by place; undefined while it is open. */
  readonly #kept: (number | undefined)[] = [];
  #waiting: (() => void)[] = [];

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** Whether an artifact of this size, or more, can still be kept. Every place below has been opened or decided. */
  hasRoom(place: number, bytes: number): boolean {
    return this.#below(place).bytes + bytes <= this.#limits.total;
  }

  /** Resolves with whether the artifact is kept. Waits only where that depends on an earlier one that is still open. */
  async decide(place: number, bytes: number): Promise<boolean> {
    for (;;) {
      const { bytes: before, open } = this.#below(place);
      if (before + bytes > this.#limits.total) break;
      if (before + open * this.#limits.each + bytes <= this.#limits.total) {
        this.#settle(place, bytes);
        return true;
      }
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    this.#settle(place, 0);
    return false;
  }

  /** Nothing of this artifact is kept. */
  drop(place: number): void {
    if (this.#kept[place] === undefined) this.#settle(place, 0);
  }

  #below(place: number): { bytes: number; open: number } {
    let bytes = 0;
    let open = 0;
    for (let index = 0; index < place; index += 1) {
      const kept = this.#kept[index];
      if (kept === undefined) open += 1;
      else bytes += kept;
    }
    return { bytes, open };
  }

  #settle(place: number, bytes: number): void {
    this.#kept[place] = bytes;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** The ledger of what runs cost, which outlives processes. A line takes a moment to be written. */
import type { SpendLedger, SpendLine } from "../../src/core/spend/spend-entries.ts";
import { Semaphore } from "../../src/support/semaphore.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";
import type { ProcessAmbient } from "./process-ambient.ts";

export class SimulatedLedger {
  readonly lines: SpendLine[] = [];
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Returns the ledger of one process. */
  of(owner: ProcessAmbient): SpendLedger {
    const turn = new Semaphore(1);
    const later = () =>
      new Promise<void>((resolve) => {
        owner.networkClock.timer(this.#random.int(1, 10), () => {
          if (owner.alive) resolve();
        });
      });
    return {
      read: () => later().then(() => [...this.lines]),
      append: (line) => later().then(() => void this.lines.push(line)),
      async exclusively(signal, work) {
        const release = await turn.take(signal);
        try {
          return await work();
        } finally {
          release();
        }
      },
    };
  }
}

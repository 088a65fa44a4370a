/** The journal's store, which outlives processes. Writes take time and may be lost when their process dies. */
import type { JournalStore } from "../../src/core/cancel/journal.ts";
import { sleep } from "../../src/support/ambient.ts";
import type { SeededRandom } from "../support/in-process/seeded-random.ts";
import type { ProcessAmbient } from "./process-ambient.ts";

interface Entry {
  text: string;
  owner: ProcessAmbient;
}

export class SimulatedDisk {
  readonly #entries = new Map<string, Entry>();
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Number of entries of all processes. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the store of one process. */
  storeOf(owner: ProcessAmbient): JournalStore {
    const write = async (change: () => void) => {
      // A write that the kernel has accepted completes even if the process dies.
      const taken = this.#random.chance(0.5);
      await new Promise<void>((resolve) => {
        owner.networkClock.timer(this.#random.int(1, 20), () => {
          if (taken || owner.alive) change();
          if (owner.alive) resolve();
        });
      });
    };
    return {
      put: (name, text) => write(() => void this.#entries.set(name, { text, owner })),
      remove: (name) => write(() => void this.#entries.delete(name)),
      takeOrphans: async (wanted) => {
        await sleep(owner, this.#random.int(1, 20));
        const taken: { name: string; text: string }[] = [];
        for (const [name, entry] of this.#entries) {
          if (entry.owner.alive || !wanted(entry.text)) continue;
          entry.owner = owner;
          taken.push({ name, text: entry.text });
        }
        return taken;
      },
      list: () =>
        Promise.resolve(
          [...this.#entries].map(([name, { text, owner: by }]) => ({ name, text, owner: by.alive ? "alive" : "dead" })),
        ),
    };
  }
}

/** Seeded choices, so that everything a plan decides comes from one number. */
import { seededRandom } from "../../../src/local/faults/seeded.ts";

export class SeededRandom {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  /** Between `least` and `most`, both possible. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Spread evenly over the orders of magnitude between `least` (at least 1) and `most`. */
  magnitude(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.next());
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** The value itself, or nothing: for optional members of a plan. */
  maybe<T extends object>(probability: number, make: () => T): T | Record<string, never> {
    return this.chance(probability) ? make() : {};
  }
}

/** Seeds of independent streams out of one. */
export function deriveSeed(seed: number, stream: number): number {
  return Math.imul(seed ^ Math.imul(stream, 0x9e3779b1), 0x85ebca6b) ^ (seed >>> 13);
}

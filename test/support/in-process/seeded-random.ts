/** Random choices from a seed, so that a number determines a whole plan. */
import { seededRandom } from "../../../src/local/faults/seeded.ts";

export class SeededRandom {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  /** Returns an integer from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** Returns an integer from `least` (at least 1) to `most`, distributed evenly over the orders of magnitude. */
  magnitude(least: number, most: number): number {
    return Math.round(least * (most / least) ** this.next());
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** Returns the made value or an empty object, for optional members of a plan. */
  maybe<T extends object>(probability: number, make: () => T): T | Record<string, never> {
    return this.chance(probability) ? make() : {};
  }
}

/** Returns the seed of an independent stream of random numbers. */
export function deriveSeed(seed: number, stream: number): number {
  return Math.imul(seed ^ Math.imul(stream, 0x9e3779b1), 0x85ebca6b) ^ (seed >>> 13);
}

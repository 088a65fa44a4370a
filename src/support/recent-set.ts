/** The last `limit` values that were added; an older one is forgotten. */
import { RecentMap } from "./recent-map.ts";

export class RecentSet<T> {
  readonly #values: RecentMap<T, true>;

  constructor(limit: number) {
    this.#values = new RecentMap(limit);
  }

  has(value: T): boolean {
    return this.#values.get(value) === true;
  }

  add(value: T): void {
    this.#values.set(value, true);
  }
}

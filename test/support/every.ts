/** The share of a large product of cases that a campaign plays; with `SEREN_TEST_ALL=1` it plays all of them. */
const all = process.env.SEREN_TEST_ALL === "1";

/** Every `step`-th of `cases`, beginning with a different one for each `index`, so that the rows of a table differ. */
export function every<T>(step: number, cases: readonly T[], index = 0): T[] {
  return all ? [...cases] : cases.filter((_, at) => (at + index) % step === 0);
}

/** How many cases a campaign draws: `some` of them, or `whole`. */
export function drawn(some: number, whole: number): number {
  return all ? whole : some;
}

/** At most `most` of `cases`, evenly spread. */
export function spread<T>(most: number, cases: readonly T[]): T[] {
  return every(Math.max(1, Math.ceil(cases.length / most)), cases);
}

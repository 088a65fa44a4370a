/** The known word that a mistyped one was meant to be. */

/** A longer word is not a mistyped one, and the work grows with the square. */
const MAX_LENGTH = 60;

/** Returns the word with the fewest changed letters, at most a third of them; undefined when none is near. */
export function nearestWord(typed: string, known: readonly string[]): string | undefined {
  if (typed.length > MAX_LENGTH) return undefined;
  const near = known.map((word) => ({ word, changes: changesBetween(typed.toLowerCase(), word) }));
  const [best] = near.sort((one, other) => one.changes - other.changes);
  return best && best.changes <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : undefined;
}

/** The distance of Levenshtein, row by row. */
function changesBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (let index = 1; index <= other.length; index += 1) {
      const kept = (row[index - 1] ?? 0) + (letter === other[index - 1] ? 0 : 1);
      next.push(Math.min(kept, (row[index] ?? 0) + 1, (next[index - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** LIMIT and TIMEOUT lines of an Agentfile: a scope may occur several times, and the last one counts. */

/** Returns the last entry of `scope` (upper case), compared without regard to ASCII case. */
export function lastOfScope<T extends { scope: string }>(entries: readonly T[], scope: string): T | undefined {
  return entries.findLast((entry) => entry.scope.replace(/[a-z]/g, (letter) => letter.toUpperCase()) === scope);
}

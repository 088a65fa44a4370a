interface Made {
  id: string;
  createdAt?: number | undefined;
}

/**
 * Returns the items sorted by creation time, those without one first. Equal times are decided by the id, so that every
 * process that sorts the same items agrees on the first.
 */
export function oldestFirst<T extends Made>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (isOlder(a, b) ? -1 : 1));
}

/** The order of `oldestFirst`. */
export function isOlder(one: Made, other: Made): boolean {
  const between = (one.createdAt ?? 0) - (other.createdAt ?? 0);
  return between < 0 || (between === 0 && one.id < other.id);
}

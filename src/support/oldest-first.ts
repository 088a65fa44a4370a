/**
 * Returns the items sorted by creation time, those without one first. Equal times are decided by the id, so that every
 * process that sorts the same items agrees on the first.
 */
export function oldestFirst<T extends { id: string; createdAt?: number | undefined }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0) || (a.id < b.id ? -1 : 1));
}

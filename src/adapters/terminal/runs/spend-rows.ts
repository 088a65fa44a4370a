/** Entries of the ledger, added up: by day, by host, by agent. */
import { dayOf, type SpendEntry } from "../../../core/index.ts";

export interface SpendRow {
  name: string;
  runs: number;
  /** In millionths of a dollar. */
  micros: number;
}

/** Each of the last `days` days, the oldest first, also where nothing was spent. */
export function byDay(entries: readonly SpendEntry[], days: number, now: number): SpendRow[] {
  const rows = Array.from({ length: days }, (_, ago) => ({ name: dayName(daysBefore(now, ago)), runs: 0, micros: 0 }));
  const known = new Map(rows.map((row) => [row.name, row]));
  for (const { at, micros } of entries) add(known.get(dayName(at)), micros);
  return rows.reverse();
}

/** The most expensive first. */
export function byName(entries: readonly SpendEntry[], nameOf: (entry: SpendEntry) => string): SpendRow[] {
  const rows = new Map<string, SpendRow>();
  for (const entry of entries) {
    const name = nameOf(entry);
    const row = rows.get(name) ?? { name, runs: 0, micros: 0 };
    add(row, entry.micros);
    rows.set(name, row);
  }
  return [...rows.values()].sort((one, other) => other.micros - one.micros || (one.name < other.name ? -1 : 1));
}

/** Returns the midnight that begins the day so many days ago. Days have not all the same length. */
export function daysBefore(now: number, ago: number): number {
  const day = new Date(dayOf(now));
  return day.setDate(day.getDate() - ago);
}

function add(row: SpendRow | undefined, micros: number): void {
  if (!row) return;
  row.runs += 1;
  row.micros += micros;
}

/** By the clock of this machine, as the limits count. */
function dayName(time: number): string {
  const day = new Date(time);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

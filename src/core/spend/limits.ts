/** Limits of what runs may cost and how many there may be, and the words in which a start is refused. */
import { ExecutionFailure } from "../../support/failure.ts";
import { dollars } from "../../support/money.ts";
import { SPENDING_LIMIT } from "../events.ts";
import type { SpendEntry } from "./spend-entries.ts";

export interface Limits {
  /** In millionths of a dollar. */
  runMicros?: number;
  dayMicros?: number;
  runsPerHour?: number;
  activeRuns?: number;
}

export interface LimitSettings {
  /** For all hosts together. */
  general: Limits;
  /** For the runs of one host alone; they hold besides the general ones. */
  hosts: Readonly<Record<string, Limits>>;
  /** The file they are in, for the words. */
  path: string;
}

/** A limit that is reached, named by its key. */
export interface Reached {
  key: string;
  /** Completes "no run was started: ". */
  why: string;
}

const HOUR_MS = 60 * 60_000;

/** The limits that hold for a host, with the prefix of their keys and the entries that each counts. */
export function limitsOf({ general, hosts }: LimitSettings, host: string) {
  const own = Object.hasOwn(hosts, host) ? hosts[host] : undefined;
  const all = { prefix: "limits", limits: general, counts: (_: SpendEntry) => true, whose: "of this machine" };
  if (!own) return [all];
  return [
    {
      prefix: `limits.hosts.${host}`,
      limits: own,
      counts: (one: SpendEntry) => one.host === host,
      whose: `of ${host}`,
    },
    all,
  ];
}

/** Returns the first limit that leaves no room for another run. */
export function reachedAtStart(
  settings: LimitSettings,
  host: string,
  entries: readonly SpendEntry[],
  now: number,
): Reached | undefined {
  for (const { prefix, limits, counts, whose } of limitsOf(settings, host)) {
    const counted = entries.filter(counts);
    const { runMicros, dayMicros, runsPerHour, activeRuns } = limits;
    if (runMicros === 0) return { key: `${prefix}.run_usd`, why: `one run ${whose} may cost nothing` };
    const spent = spentToday(counted, now);
    if (dayMicros !== undefined && spent >= dayMicros) {
      const why = `runs ${whose} may cost ${dollars(dayMicros)} a day, and those of today have cost ${dollars(spent)}`;
      return { key: `${prefix}.day_usd`, why };
    }
    const recent = counted.filter(({ at }) => at > now - HOUR_MS).length;
    if (runsPerHour !== undefined && recent >= runsPerHour) {
      const why = `${runsPerHour} runs ${whose} may be started in an hour, and ${recent} were started in the last`;
      return { key: `${prefix}.runs_per_hour`, why };
    }
    const active = counted.filter(({ open }) => open).length;
    if (activeRuns !== undefined && active >= activeRuns) {
      const why = `${activeRuns} runs ${whose} may go on at a time, and ${active} do (\`seren-bridge watch\` shows them)`;
      return { key: `${prefix}.active_runs`, why };
    }
  }
  return undefined;
}

/** Returns the first limit that a run which goes on has reached. */
export function reachedWhileRunning(
  settings: LimitSettings,
  host: string,
  spent: number,
  entries: readonly SpendEntry[],
  now: number,
): { key: string; limit: number; total: number } | undefined {
  for (const { prefix, limits, counts } of limitsOf(settings, host)) {
    const { runMicros, dayMicros } = limits;
    if (runMicros !== undefined && spent >= runMicros)
      return { key: `${prefix}.run_usd`, limit: runMicros, total: spent };
    const today = spentToday(entries.filter(counts), now);
    if (dayMicros !== undefined && today >= dayMicros)
      return { key: `${prefix}.day_usd`, limit: dayMicros, total: today };
  }
  return undefined;
}

/** A model that reads it must not try again, and a person must know what to do. */
export function refusal({ key, why }: Reached, path: string): ExecutionFailure {
  return new ExecutionFailure(
    "payment_required",
    `no run was started: ${why}. This is final: do not try again, and do not look for another way. Only a person may raise ${key}, in ${path}`,
    { details: { code: SPENDING_LIMIT, explained: true } },
  );
}

/** A run counts for the day on which it was started, by the clock of this machine. */
function spentToday(entries: readonly SpendEntry[], now: number): number {
  const since = dayOf(now);
  return entries.reduce((sum, { at, micros }) => sum + (at >= since ? micros : 0), 0);
}

/** Returns the midnight before `time`. */
export function dayOf(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

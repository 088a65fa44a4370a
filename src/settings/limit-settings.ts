/** The table `[limits]` in the units of the core. */
import type { LimitSettings, Limits } from "../core/index.ts";
import { microsFrom } from "../support/money.ts";
import type { Settings } from "./schema.ts";

type Table = Omit<NonNullable<Settings["limits"]>, "hosts">;

export function limitSettings({ limits }: Settings, path: string): LimitSettings | undefined {
  if (!limits) return undefined;
  const hosts = Object.entries(limits.hosts ?? {}).flatMap(([host, table]) => (table ? [[host, limitsIn(table)]] : []));
  return { path, general: limitsIn(limits), hosts: Object.fromEntries(hosts) };
}

function limitsIn({ run_usd, day_usd, runs_per_hour, active_runs }: Table): Limits {
  return {
    ...(run_usd === undefined ? {} : { runMicros: microsFrom(run_usd) }),
    ...(day_usd === undefined ? {} : { dayMicros: microsFrom(day_usd) }),
    ...(runs_per_hour === undefined ? {} : { runsPerHour: runs_per_hour }),
    ...(active_runs === undefined ? {} : { activeRuns: active_runs }),
  };
}

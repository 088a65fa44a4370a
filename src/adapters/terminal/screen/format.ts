/** Formats times, costs and counts for a screen; parses durations. */
import type { Usage } from "../../../core/index.ts";
import { ExecutionFailure } from "../../../support/failure.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Returns `90`, `90s`, `15m`, `2h` or `7d` in milliseconds; a bare number means seconds. Throws `invalid_input` naming `what`. */
export function parseDuration(text: string, what: string): number {
  const [, digits = "", unit = "s"] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  const factor = UNITS[unit];
  if (digits === "" || factor === undefined || Number(digits) === 0) {
    throw new ExecutionFailure(
      "invalid_input",
      `${what} is "${text}", which is not a duration; write for example 90s, 15m or 2h`,
    );
  }
  return Number(digits) * factor;
}

/** Returns a duration in the form `0.4s`, `12s`, `3m 05s`, `2h 10m` or `4d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${String(minutes % 60).padStart(2, "0")}m`;
  return `${Math.floor(hours / 24)}d`;
}

/** Returns an age in the form `now`, `12s`, `3m`, `2h` or `4d`. */
export function age(ms: number): string {
  if (ms < 1_000) return "now";
  for (const [unit, size, limit] of [
    ["s", 1_000, 60_000],
    ["m", 60_000, 3_600_000],
    ["h", 3_600_000, 172_800_000],
  ] as const) {
    if (ms < limit) return `${Math.floor(ms / size)}${unit}`;
  }
  return `${Math.floor(ms / 86_400_000)}d`;
}

/** Returns the charged total in the form `$0.0123`; undefined when the record has none. */
export function cost(usage: Usage | undefined): string | undefined {
  if (usage?.computeUsd === undefined && usage?.inferenceUsd === undefined) return undefined;
  const dollars = Number(usage.computeUsd ?? 0) + Number(usage.inferenceUsd ?? 0);
  if (!Number.isFinite(dollars)) return undefined;
  if (dollars > 0 && dollars < 0.0001) return "<$0.0001";
  return `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

/** Returns the token counts; undefined when there are none. */
export function tokens(usage: Usage | undefined): string | undefined {
  return usage && usage.inputTokens + usage.outputTokens > 0
    ? `${usage.inputTokens} in, ${usage.outputTokens} out`
    : undefined;
}

/** Returns `1 run`, `2 runs`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

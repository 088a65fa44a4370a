/** TIMEOUT lines of an Agentfile (`dispatch:crates/dispatch-core/src/courier/tool_exec.rs`). */
import { ExecutionFailure } from "../support/failure.ts";
import type { Parcel } from "./load.ts";
import { quoted } from "./printable.ts";
import { lastOfScope } from "./scope.ts";

const UNIT_MS = new Map([
  ["ms", 1n],
  ["s", 1_000n],
  ["m", 60_000n],
  ["h", 3_600_000n],
]);
const MAX_U64 = 2n ** 64n - 1n;
const MAX_MS = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * Returns `TIMEOUT RUN` in milliseconds, undefined when there is none. Zero is a limit: the host builds such a parcel and
 * then fails every turn. Throws `invalid_input` for a duration that cannot be read, as the host does.
 */
export function runTimeoutMs({ manifest }: Parcel): number | undefined {
  const timeout = lastOfScope(manifest.timeouts, "RUN");
  if (!timeout) return undefined;
  const ms = parseDuration(timeout.duration);
  if (ms !== undefined) return ms;
  throw new ExecutionFailure(
    "invalid_input",
    `the parcel's \`TIMEOUT RUN\` is ${quoted(timeout.duration)}, which is not a duration. Write a whole number with ms, s, m or h, for example 300s`,
  );
}

/** Returns the milliseconds of a duration such as `300s`, at most `Number.MAX_SAFE_INTEGER`, or undefined. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64) return undefined;
  const [, digits, unit] = /^\p{White_Space}*\+?(\d+)\p{White_Space}*(ms|s|m|h)\p{White_Space}*$/u.exec(text) ?? [];
  const factor = UNIT_MS.get(unit ?? "");
  if (digits === undefined || factor === undefined) return undefined;
  const amount = BigInt(digits);
  if (amount > MAX_U64) return undefined;
  const ms = amount * factor;
  return Number(ms < MAX_MS ? ms : MAX_MS);
}

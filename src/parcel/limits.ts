/** LIMIT and TIMEOUT lines of an Agentfile, as limits of a workload. */
import type { WorkloadLimits } from "#protocols/seren-cloud";
import type { Parcel } from "./load.ts";
import { lastOfScope } from "./scope.ts";
import { runTimeoutMs } from "./timeouts.ts";

const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;

/** Returns the limits that the parcel states, undefined when there are none. Throws `invalid_input` for an unreadable `TIMEOUT RUN`. */
export function workloadLimits(parcel: Parcel): WorkloadLimits | undefined {
  const stated = {
    max_iterations: limitOf(parcel, "ITERATIONS") ?? limitOf(parcel, "TOOL_ROUNDS"),
    max_timeout_seconds: timeoutSeconds(parcel),
    max_tool_calls_per_run: limitOf(parcel, "TOOL_CALLS"),
    max_tool_output_chars: limitOf(parcel, "TOOL_OUTPUT"),
    context_budget_tokens: limitOf(parcel, "CONTEXT_TOKENS"),
  };
  const limits = Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined));
  return Object.keys(limits).length > 0 ? limits : undefined;
}

/** The last line of a scope counts, even without a value: zero, and what the host cannot read, mean no limit. */
function limitOf({ manifest }: Parcel, scope: string): number | undefined {
  const written = lastOfScope(manifest.limits, scope)?.value ?? "";
  const value = /^\+?[0-9]{1,64}$/.test(written) ? Number(written) : 0;
  return value > 0 && value <= MAX_UINT32 ? Math.min(value, MAX_INT32) : undefined;
}

/** Rounded up, so that the service does not stop before the courier, which keeps the exact deadline and handles zero. */
function timeoutSeconds(parcel: Parcel): number | undefined {
  const ms = runTimeoutMs(parcel);
  return ms ? Math.min(Math.ceil(ms / 1000), MAX_INT32) : undefined;
}

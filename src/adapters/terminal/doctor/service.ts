/** Checks of the connection to Seren Cloud. They only read; nothing is created or started. */

import type { RunRow } from "../../../core/index.ts";
import { type Finding, ok, problem, skipped, warning } from "../../../install/index.ts";
import { asFailure, type ExecutionFailure } from "../../../support/failure.ts";
import { duration } from "../screen/format.ts";
import type { Services } from "../services.ts";

const STREAM_LIMIT_MS = 10_000;
/** Runs tolerate a clock that differs by more; from this difference on, the times in lists look wrong. */
const CLOCK_LIMIT_MS = 60_000;

export async function serviceFindings(services: Services): Promise<Finding[]> {
  const title = "Seren Cloud";
  let address: string;
  try {
    address = services.serviceAddress();
  } catch (error) {
    return [problem("api", title, asFailure(error).message, "correct SEREN_API_BASE, or unset it")];
  }
  if ((await services.keys.source()).from === "none") {
    return [
      skipped("api", title, "cannot be asked without a key"),
      skipped("stream", "Streaming", "cannot be tried without a key"),
    ];
  }
  try {
    const { probe } = await services.remote();
    const { tookMs, clockAheadMs } = await probe.call();
    return [
      ok("api", title, `${address} answers in ${duration(tookMs)} and accepts the key`),
      ...clock(clockAheadMs),
      await streaming(services),
    ];
  } catch (error) {
    const failure = asFailure(error);
    return [
      problem("api", title, `${address}: ${failure.message}`, fixOf(failure, address)),
      skipped("stream", "Streaming", "Seren Cloud could not be asked"),
    ];
  }
}

/** Only where nothing at all answered can a proxy be missing. */
function fixOf({ kind, details }: ExecutionFailure, address: string): string {
  if (details.byStranger || details.explained) return "do what the message says, then run seren-bridge doctor again";
  if (kind === "unauthorized") return "use another key";
  if (kind === "forbidden") return "use a key of an organization that may do this, or ask its owner to allow it";
  if (kind === "rate_limited") return "wait; nothing is wrong with this installation";
  if (details.status !== undefined && details.status >= 500)
    return "try again later; this machine and its network are not the reason";
  if (details.status !== undefined)
    return "check SEREN_API_BASE, and whether a proxy or the login of a network answers in its place; else try again later";
  if (kind === "unavailable" && address.startsWith("http:")) return "start it with: seren-bridge local";
  return "try again; where only a proxy leads outside, set HTTPS_PROXY";
}

function isLive({ state }: RunRow): boolean {
  return state === "running" || state === "awaiting_approval";
}

function clock(aheadMs: number | undefined): Finding[] {
  if (aheadMs === undefined) return [];
  const off = Math.abs(aheadMs);
  if (off < CLOCK_LIMIT_MS) return [ok("clock", "Clock", "agrees with the service")];
  return [
    warning(
      "clock",
      "Clock",
      `this machine is ${duration(off)} ${aheadMs > 0 ? "behind" : "ahead of"} the service`,
      "set the clock (NTP)",
    ),
  ];
}

/**
 * A proxy that buffers streams makes runs look stalled until they end. Only the stream of a run that goes on can show it: that
 * of an ended run comes whole either way.
 */
async function streaming({ remote }: Services): Promise<Finding> {
  const title = "Streaming";
  const { organization, probe } = await remote();
  try {
    const active = (await organization.runs({ limit: 10, goingOn: true })).rows.find(isLive);
    const tried = active ?? (await organization.runs({ limit: 1 })).rows[0];
    if (!tried) return skipped("stream", title, "there is no run yet to try it on; nothing is started for a check");
    if (await probe.stream(tried.run.runId, STREAM_LIMIT_MS)) {
      return active
        ? ok("stream", title, "event streams get through as they happen")
        : skipped(
            "stream",
            title,
            "the stream of an ended run gets through; whether a proxy holds events back shows only while a run is active",
          );
    }
    return warning(
      "stream",
      title,
      "an event stream was opened, but nothing came through it",
      "a proxy may be holding it back; runs still work, their progress shows late",
    );
  } catch (error) {
    return warning("stream", title, asFailure(error).message, "runs still work, their progress shows late");
  }
}

/** Finds and cancels a run of which only the create call is known. Its request has failed, so it would run for nothing. */
import { findRun, type RunTrace, type SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { type Canceller, type Ended, UNKNOWN_FOR_MS } from "./canceller.ts";

const MAX_TRIES = 5;
const TRY_AGAIN_MS = 20_000;
/** A request to resume a run may take effect this late. Until then its end is none. */
const RESUMED_LATE_MS = 30_000;
const CANCEL_AGAIN_MS = 2_000;

export interface CancelLostRunOptions {
  client: SerenClient;
  canceller: Canceller;
  log: Log;
  /** Aborting it ends the attempts to find the run. */
  signal: AbortSignal;
}

/**
 * Resolves when no run is left: with how it ended, without a record where there was none. With undefined when it was not seen
 * to end. Never rejects.
 */
export async function cancelLostRun(
  options: CancelLostRunOptions,
  trace: RunTrace & { runId?: string | undefined; resumedAt?: number | undefined },
): Promise<Ended | undefined> {
  const { client, canceller, log, signal } = options;
  let goneSince: number | undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      const runId = trace.runId ?? (await findRun(client, trace, signal));
      if (runId === undefined) return {};
      let ended = await canceller.cancel(runId);
      while (client.ambient.now() - (trace.resumedAt ?? Number.NEGATIVE_INFINITY) < RESUMED_LATE_MS) {
        await sleep(client.ambient, CANCEL_AGAIN_MS, signal);
        ended = await canceller.cancel(runId);
      }
      log(ended ? "info" : "warn", "an orphaned run was cancelled", {
        status: ended ? (ended.record?.status ?? "gone") : "not confirmed",
      });
      return ended;
    } catch (error) {
      const { kind, cause } = asFailure(error);
      if (cause instanceof ExecutionFailure && cause.kind === "not_found") {
        // A run does not outlive its deployment, but one `not_found` does not prove that the deployment is gone.
        goneSince ??= client.ambient.now();
        if (client.ambient.now() - goneSince >= UNKNOWN_FOR_MS) return {};
      } else {
        goneSince = undefined;
      }
      log("warn", "an orphaned run could not be looked up", { kind });
      if (tries >= MAX_TRIES || signal.aborted) return undefined;
      await sleep(client.ambient, TRY_AGAIN_MS, signal).catch(() => undefined);
    }
  }
}

/** Stopping a run of which only the create call is known: nobody waits for it, so it is looked up and cancelled. */
import { findRun, type RunTrace, type SerenClient } from "../../seren/index.ts";
import { sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { type Canceller, UNKNOWN_FOR_MS } from "./canceller.ts";

const MAX_TRIES = 5;
const TRY_AGAIN_MS = 20_000;

export interface CancelLostRunOptions {
  client: SerenClient;
  canceller: Canceller;
  log: Log;
  /** Ends the looking up while the service is away. */
  signal: AbortSignal;
}

/** Whether nothing is left of the run: it was seen to end, or there never was one. Never rejects. */
export async function cancelLostRun(
  options: CancelLostRunOptions,
  trace: RunTrace & { runId?: string | undefined },
): Promise<boolean> {
  const { client, canceller, log, signal } = options;
  let goneSince: number | undefined;
  for (let tries = 1; ; tries += 1) {
    try {
      const runId = trace.runId ?? (await findRun(client, trace, signal));
      if (runId === undefined) return true;
      const ended = await canceller.cancel(runId);
      log(ended ? "info" : "warn", "a run that nobody waits for was cancelled", {
        status: ended ? (ended.record?.status ?? "gone") : "not confirmed",
      });
      return ended !== undefined;
    } catch (error) {
      const { kind, cause } = asFailure(error);
      if (cause instanceof ExecutionFailure && cause.kind === "not_found") {
        // No run outlives its deployment, but a single refusal does not prove that the deployment is gone.
        goneSince ??= client.ambient.now();
        if (client.ambient.now() - goneSince >= UNKNOWN_FOR_MS) return true;
      } else {
        goneSince = undefined;
      }
      log("warn", "a run that nobody waits for could not be looked up", { kind });
      if (tries >= MAX_TRIES || signal.aborted) return false;
      await sleep(client.ambient, TRY_AGAIN_MS, signal).catch(() => undefined);
    }
  }
}

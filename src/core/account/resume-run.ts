/**
 * Lets a run go on that a restart of its runtime has interrupted. The service alone knows whether a run can: no word of a
 * record says so for sure, so every run that has ended may be tried.
 */
import { AWAITING_APPROVAL, endingOf, type Run, type SerenClient } from "../../seren/index.ts";
import { backoffMs, sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { RunRef } from "../events.ts";
import { runRefOf } from "../run/outcome.ts";
import { look } from "./look.ts";

const WAIT_BASE_MS = 1_000;
const WAIT_CAP_MS = 10_000;

/**
 * Resolves with the run that goes on, which may be a new one. A service that says it is away is waited for. After any other
 * failure nothing is sent again: the run may be going already, which its record shows.
 */
export function resumeRun(client: SerenClient, runId: string): Promise<RunRef> {
  return look(client, async (signal) => {
    const before = await client.getRun(runId, { signal });
    mustHaveEnded(before);
    for (let waits = 0; ; waits += 1) {
      try {
        return { ...runRefOf(before), runId: (await client.resumeRun(runId)) ?? runId };
      } catch (error) {
        const failure = asFailure(error);
        const now = await client.getRun(runId, { signal }).catch(() => undefined);
        if (now && now.status !== before.status) return runRefOf(now, runRefOf(before));
        if (failure.kind === "conflict") throw nothingToResume(before, failure);
        const { status, neverSent, retryAfterMs = 0 } = failure.details;
        if (status !== undefined && status >= 400 && status < 500 && status !== 408) throw failure;
        const isAway = neverSent || status === 503;
        if (!isAway || !now) throw unconfirmed(failure);
        await sleep(
          client.ambient,
          Math.max(retryAfterMs, backoffMs(client.ambient, waits, WAIT_BASE_MS, WAIT_CAP_MS)),
          signal,
        );
      }
    }
  });
}

function mustHaveEnded({ status }: Run): void {
  if (status === AWAITING_APPROVAL) {
    throw new ExecutionFailure("conflict", "the run waits for a decision, and goes on once it is decided");
  }
  if (!endingOf(status)) throw new ExecutionFailure("conflict", `the run is going on (it is ${status})`);
}

function nothingToResume({ status }: Run, cause: ExecutionFailure): ExecutionFailure {
  return new ExecutionFailure("conflict", `there is nothing to resume: the run has ended (${status})`, { cause });
}

function unconfirmed(cause: ExecutionFailure): ExecutionFailure {
  return new ExecutionFailure(
    "unknown_outcome",
    `Seren Cloud did not confirm that the run goes on (${cause.message}), and the request is not sent twice; look at the run before you try again`,
    { cause, details: { hint: "show_run" } },
  );
}

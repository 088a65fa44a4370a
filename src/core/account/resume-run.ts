/**
 * Lets a run go on because a person asks for it. The service alone knows whether a run can: no word of a record says so for
 * sure, so every run that has ended may be tried.
 */
import { AWAITING_APPROVAL, endingOf, type Run, type SerenClient } from "../../seren/index.ts";
import { ExecutionFailure } from "../../support/failure.ts";
import type { RunRef } from "../events.ts";
import { runRefOf } from "../run/outcome.ts";
import { Resumption } from "../run/resumption.ts";
import { look } from "./look.ts";

/** How long the run is looked at after a request whose result is not known: records may lag behind. */
const UNKNOWN_MS = 6_000;

/** Resolves with the run that goes on, which may be a new one. */
export function resumeRun(client: SerenClient, runId: string): Promise<RunRef> {
  return look(client, async (signal) => {
    const before = await client.getRun(runId, { signal });
    mustHaveEnded(before);
    const resumed = await new Resumption(client, before).ask(signal, { refusedMs: 0, unknownMs: UNKNOWN_MS });
    switch (resumed.kind) {
      case "going_on":
        return { ...runRefOf(before), runId: resumed.runId };
      case "nothing_to_resume":
        throw nothingToResume(before, resumed.failure);
      case "refused":
        throw resumed.failure;
      case "unconfirmed":
        throw unconfirmed(before, resumed.failure);
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

function unconfirmed({ status }: Run, cause: ExecutionFailure): ExecutionFailure {
  return new ExecutionFailure(
    "unknown_outcome",
    `Seren Cloud did not confirm that the run goes on (${cause.message}), and it still shows the run as ended (${status}); the request is not sent again, look at the run before you try again`,
    { cause, details: { hint: "show_run" } },
  );
}

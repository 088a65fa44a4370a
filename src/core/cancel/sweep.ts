/** Cancels the runs that a crashed process left behind. Runs once per start, concurrently with everything else. */
import { asFailure } from "../../support/failure.ts";
import { type CancelLostRunOptions, cancelLostRun } from "./cancel-lost-run.ts";
import type { Journal, JournalEntry } from "./journal.ts";

/** An entry that could not be resolved for this long is dropped. */
const FORGET_AFTER_MS = 7 * 24 * 60 * 60_000;

export interface SweepOptions extends CancelLostRunOptions {
  journal: Journal;
}

/** Never rejects. An entry that could not be resolved stays in the journal for the next start. */
export async function sweep(options: SweepOptions): Promise<void> {
  const { journal, log } = options;
  try {
    const orphans = await journal.orphans();
    if (orphans.length > 0) log("info", "runs of a process that is gone are being cancelled", { runs: orphans.length });
    await Promise.all(orphans.map((entry) => sweepOne(options, entry)));
  } catch (error) {
    // Without a key it is not known whose runs to cancel. The first request says so; at the start nothing was asked for.
    const level = asFailure(error).kind === "unauthorized" ? "debug" : "warn";
    log(level, "the journal could not be read", { error: error instanceof Error ? error.message : "" });
  }
}

async function sweepOne(options: SweepOptions, entry: JournalEntry): Promise<void> {
  const stale = options.client.ambient.now() - entry.since > FORGET_AFTER_MS;
  const ended = await cancelLostRun(options, entry);
  if (ended) await options.journal.forget(entry, options.journal.endOf(ended.record));
  else if (stale) await options.journal.remove(entry.requestId);
}

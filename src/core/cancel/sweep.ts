/** Cancels the runs that a crashed process left behind. Runs once per start, concurrently with everything else. */
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
    log("warn", "the journal could not be read", { error: error instanceof Error ? error.message : "" });
  }
}

async function sweepOne(options: SweepOptions, entry: JournalEntry): Promise<void> {
  const stale = options.client.ambient.now() - entry.since > FORGET_AFTER_MS;
  if ((await cancelLostRun(options, entry)) || stale) await options.journal.remove(entry.requestId);
}

/** Cancels what a crashed process left behind. Runs once per start, beside whatever else is going on. */
import { findRun, type SerenClient } from "../seren/index.ts";
import { asFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";
import type { Canceller } from "./canceller.ts";
import type { Journal, JournalEntry } from "./journal.ts";

export interface SweepOptions {
  client: SerenClient;
  canceller: Canceller;
  journal: Journal;
  log: Log;
}

/** Never rejects. An entry that could not be dealt with stays in the journal, for the next start. */
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

async function sweepOne({ client, canceller, journal, log }: SweepOptions, entry: JournalEntry): Promise<void> {
  try {
    const runId = entry.runId ?? (await findRun(client, entry));
    if (runId) {
      const record = await canceller.cancel(runId);
      log(record ? "info" : "warn", "a run left behind was cancelled", { status: record?.status ?? "not confirmed" });
      if (!record) return;
    }
    await journal.settled(entry.requestId);
  } catch (error) {
    log("warn", "a run left behind could not be looked up; the next start tries again", { kind: asFailure(error).kind });
  }
}

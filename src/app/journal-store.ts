/** The journal in the state folder, and the sweep of runs that dead processes left in it. */
import { createHmac } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Journal, type RunKeepers, type SweepOptions, sweep } from "../core/engine.ts";
import { OwnedFiles } from "../state/index.ts";
import type { Ambient } from "../support/ambient.ts";
import { Responsive } from "../support/responsive.ts";
import type { ReadSecret } from "../support/secret.ts";
import { settleWithin } from "../support/settle-within.ts";
import { systemCode } from "../support/system-error.ts";
import { STATE_LAYOUT } from "./state-layout.ts";

/** The sweep waits, so that it does not compete with a run that is requested at the start. */
const SWEEP_AFTER_MS = 1_000;
/** A process that ends before that sweeps at its end: many commands are shorter. A service that is away is not waited for. */
const LAST_SWEEP_MS = 1_000;

export interface DiskJournalOptions extends Omit<SweepOptions, "journal" | "signal"> {
  stateDir: string;
  baseUrl: string;
  apiKey: ReadSecret;
  /** The host that starts the runs, e.g. `dispatch`. */
  host: string;
  disk: Responsive;
  keepers?: RunKeepers | undefined;
}

export interface DiskJournal {
  journal: Journal;
  /** Sweeps if that has not begun, stops the sweep, and waits for pending writes. The entries stay. */
  close(): Promise<void>;
}

export function openJournal(options: DiskJournalOptions): DiskJournal {
  const { stateDir, host, log, client, canceller, disk, keepers } = options;
  const { ambient } = client;
  const store = new OwnedFiles(journalFolder(stateDir), ambient, disk);
  const journal = new Journal({
    store,
    account: () => accountOf(options),
    host,
    ambient,
    log,
    keepers,
    isKept: (folder) => isKept(folder, ambient),
  });
  const stop = new AbortController();
  let begun = false;
  const begin = () => {
    begun = true;
    return sweep({ client, canceller, journal, log, signal: stop.signal });
  };
  const stopTimer = ambient.timer(SWEEP_AFTER_MS, () => void begin(), { unref: true });
  return {
    journal,
    async close() {
      stopTimer();
      if (!begun) await settleWithin(ambient, LAST_SWEEP_MS, begin());
      stop.abort();
      await journal.idle();
      await store.close().catch(() => undefined); // the socket goes on telling of the end of this process
    },
  };
}

/** Whether somebody can go on with the runs that are noted there: what cannot be looked at may come back. */
async function isKept(folder: string, ambient: Ambient): Promise<boolean> {
  return new Responsive(folder, ambient)
    .ask(() => stat(folder))
    .then(
      (stats) => stats.isDirectory(),
      (error: unknown) => systemCode(error) !== "ENOENT",
    );
}

export function journalFolder(stateDir: string): string {
  return join(stateDir, STATE_LAYOUT.runs);
}

/** Returns an identifier of account and service that does not reveal the key. */
export async function accountOf({ apiKey, baseUrl }: Pick<DiskJournalOptions, "apiKey" | "baseUrl">): Promise<string> {
  return createHmac("sha256", (await apiKey()).reveal())
    .update(baseUrl)
    .digest("hex")
    .slice(0, 16);
}

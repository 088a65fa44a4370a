/** The journal in the state folder, and the sweep of what processes that died left behind. */
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { Journal, type SweepOptions, sweep } from "../core/engine.ts";
import { OwnedFiles } from "../state/index.ts";
import type { Secret } from "../support/secret.ts";

/** A run that is asked for at start goes first: sweeping is beside the point for whoever waits for an answer. */
const SWEEP_AFTER_MS = 1_000;

export interface DiskJournalOptions extends Omit<SweepOptions, "journal" | "signal"> {
  stateDir: string;
  baseUrl: string;
  apiKey: () => Secret;
  /** Who starts the runs, e.g. `dispatch`. */
  host: string;
}

export interface DiskJournal {
  journal: Journal;
  /** Stops sweeping; what is noted stays. */
  close(): Promise<void>;
}

export function openJournal(options: DiskJournalOptions): DiskJournal {
  const { stateDir, host, log, client, canceller } = options;
  const { ambient } = client;
  const store = new OwnedFiles(journalFolder(stateDir), ambient);
  const journal = new Journal({ store, account: () => accountOf(options), host, ambient, log });
  const stop = new AbortController();
  const stopTimer = ambient.timer(
    SWEEP_AFTER_MS,
    () => void sweep({ client, canceller, journal, log, signal: stop.signal }),
    { unref: true },
  );
  return {
    journal,
    async close() {
      stopTimer();
      stop.abort();
      await journal.idle();
      await store.close();
    },
  };
}

export function journalFolder(stateDir: string): string {
  return join(stateDir, "runs");
}

/** Tells accounts and services apart; nobody can get the key from it. */
export function accountOf({ apiKey, baseUrl }: Pick<DiskJournalOptions, "apiKey" | "baseUrl">): string {
  return createHmac("sha256", apiKey().reveal()).update(baseUrl).digest("hex").slice(0, 16);
}

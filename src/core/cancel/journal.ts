/**
 * What this machine has in flight, written ahead: the intent with its marker before the create call, the run's id after
 * it. It is read only after a crash, by the next start (`sweep.ts`); a healthy run does not need it, so a journal that
 * cannot be written costs a warning and nothing else.
 */
import * as z from "zod";
import { digestOf } from "../../seren/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { asFailure } from "../../support/failure.ts";
import type { Log } from "../../support/log.ts";
import { parseJson } from "../../support/objects.ts";
import { JITLESS } from "../../support/zod.ts";

const JournalEntrySchema = z.object({
  v: z.literal(1),
  /** Marker in the create call, and the entry's name. */
  requestId: z.guid(),
  deploymentId: z.string(),
  /** Which service and account: another key or base must not be asked about it. */
  account: z.string(),
  /** Absent between the intent and the create call's answer. */
  runId: z.string().optional(),
  /** By these a run is recognised whose marker the service dropped. The message itself is never written down. */
  conversationId: z.string().optional(),
  messageDigest: z.string().optional(),
  /** Who asked, e.g. `dispatch`. */
  host: z.string(),
  /** Milliseconds since the epoch. */
  since: z.number(),
});
export type JournalEntry = z.output<typeof JournalEntrySchema>;

/** Small named texts of this machine, each owned by a process. The implementation on disk is `state/`. */
export interface JournalStore {
  /** Writes or replaces a text of ours, durably before it resolves. */
  put(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Takes over the wanted texts of owners that are dead, each by one taker only. They are ours from then on. */
  takeOrphans(wanted: (text: string) => boolean): Promise<{ name: string; text: string }[]>;
  /** All texts on this machine, living owners' too, for showing. */
  list(): Promise<{ name: string; text: string; alive: boolean }[]>;
}

export interface JournalOptions {
  store: JournalStore;
  /** Names the service and the account without giving the key away; asked for when it is needed, and may throw then. */
  account: () => string;
  host: string;
  ambient: Ambient;
  log: Log;
}

export class Journal {
  readonly #store: JournalStore;
  readonly #ambient: Ambient;
  readonly #log: Log;
  readonly #account: () => string;
  readonly #host: string;
  readonly #settling = new Set<Promise<void>>();

  constructor({ store, account, host, ambient, log }: JournalOptions) {
    this.#store = store;
    this.#account = account;
    this.#host = host;
    this.#ambient = ambient;
    this.#log = log;
  }

  /** The line of one request. Nothing is written yet. */
  pendingEntry(
    requestId: string,
    request: { conversationId?: string; message?: string; detach?: boolean },
  ): PendingEntry {
    const { conversationId, message, detach = false } = request;
    const known = conversationId === undefined ? {} : { conversationId, messageDigest: digestOf(message) };
    return new PendingEntry(this, { requestId, ...known }, !detach);
  }

  /** Resolves when it is on disk, with whether it is. */
  async note(entry: Omit<JournalEntry, "v" | "account" | "host" | "since">): Promise<boolean> {
    try {
      const [account, host, since] = [this.#account(), this.#host, this.#ambient.now()];
      await this.#store.put(
        entry.requestId,
        JSON.stringify({ v: 1, account, host, since, ...entry } satisfies JournalEntry),
      );
      return true;
    } catch (error) {
      this.#log("warn", "the journal could not be written; a crash now could leave a run behind", {
        error: error instanceof Error ? error.message : "",
      });
      return false;
    }
  }

  /** The run has ended, was left alone on purpose, or never came to be. */
  async remove(requestId: string): Promise<void> {
    try {
      await this.#store.remove(requestId);
    } catch (error) {
      this.#log("warn", "a journal entry could not be removed", { kind: asFailure(error).kind });
    }
  }

  /** Resolves when all that was settled so far is off the disk; a process that ends earlier leaves work to the next sweep. */
  async idle(): Promise<void> {
    await Promise.all(this.#settling);
  }

  /** Counts a removal as pending before its first step. */
  settling(removal: Promise<void>): Promise<void> {
    this.#settling.add(removal);
    return removal.finally(() => this.#settling.delete(removal));
  }

  /** Entries of dead owners that concern this account; they are ours from now on. Others wait for whoever has their key. */
  async orphans(): Promise<JournalEntry[]> {
    const account = this.#account();
    const taken = await this.#store.takeOrphans((text) => parseEntry(text)?.account === account);
    return taken.flatMap(({ text }) => parseEntry(text) ?? []);
  }
}

type Entry = Pick<JournalEntry, "requestId" | "conversationId" | "messageDigest">;

/**
 * What the journal says of one request: its writes are kept in order, and nothing is written after it was settled. Of a
 * run that is to go on by itself nothing is written either, because a crash must not cancel it, until somebody claims it.
 */
export class PendingEntry {
  readonly #journal: Journal;
  #entry: Entry & { deploymentId?: string; runId?: string };
  #claimed: boolean;
  #written: Promise<boolean> = Promise.resolve(false);

  constructor(journal: Journal, entry: Entry, claimed: boolean) {
    this.#journal = journal;
    this.#entry = entry;
    this.#claimed = claimed;
  }

  /** Before the create call without `runId`, after it with it. Resolves when it is on disk; never rejects. */
  async note({ deploymentId, runId }: { deploymentId: string; runId?: string }): Promise<void> {
    this.#entry = { ...this.#entry, deploymentId, ...(runId === undefined ? {} : { runId }) };
    await this.#write();
  }

  /** The run is not to go on by itself after all. */
  keep(): void {
    if (this.#claimed) return;
    this.#claimed = true;
    void this.#write();
  }

  async #write(): Promise<void> {
    const { deploymentId, ...entry } = this.#entry;
    if (!this.#claimed || deploymentId === undefined) return;
    this.#written = this.#written.then(() => this.#journal.note({ ...entry, deploymentId }));
    await this.#written;
  }

  /** The run has ended, was left alone on purpose, or never came to be. */
  remove(): Promise<void> {
    return this.#journal.settling(this.#removeWritten());
  }

  async #removeWritten(): Promise<void> {
    const written = this.#written;
    this.#written = Promise.resolve(false);
    if (await written) await this.#journal.remove(this.#entry.requestId);
  }
}

/** What a file of the journal says; undefined for one that was not written to its end, or by another version. */
export function parseEntry(text: string): JournalEntry | undefined {
  return JournalEntrySchema.safeParse(parseJson(text), JITLESS).data;
}

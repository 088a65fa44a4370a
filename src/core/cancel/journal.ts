/**
 * A write-ahead journal of the runs of this machine: the intent with its marker before the create call, the run's id after
 * it. It is read only after a crash, by the next start (`sweep.ts`). A healthy run does not need it, so a journal that
 * cannot be written costs a warning and nothing else.
 */
import * as z from "zod";
import { digestOf, type Run } from "../../seren/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import type { Log, LogLevel } from "../../support/log.ts";
import { parseJson } from "../../support/objects.ts";
import { JITLESS } from "../../support/zod.ts";
import type { Outcome, RunRef } from "../events.ts";
import type { RunRequest } from "../request.ts";
import { outcomeOfRecord } from "../run/record-outcome.ts";
import { LateRemovals } from "./late-removals.ts";

const JournalEntrySchema = z.object({
  v: z.literal(1),
  /** Marker in the create call, and name of the entry. */
  requestId: z.guid(),
  deploymentId: z.string(),
  /** Service and account of the run. It is not looked up with another key or at another address. */
  account: z.string(),
  /** Absent until the create call was answered. */
  runId: z.string().optional(),
  /** When the run was asked to go on after an interruption. The request may take effect after the process has died. */
  resumedAt: z.number().optional(),
  /** These identify a run whose marker the service dropped. The message itself is never written. */
  conversationId: z.string().optional(),
  messageDigest: z.string().optional(),
  /** Folder of the caretaker who takes the run up after a crash: while it is there, no sweep cancels the run. */
  keptIn: z.string().optional(),
  /** Its start in the ledger of what runs cost, where there are limits. */
  ledgerId: z.string().optional(),
  /** Front end that asked for the run, e.g. `dispatch`. */
  host: z.string(),
  /** Milliseconds since the epoch. */
  since: z.number(),
});
export type JournalEntry = z.output<typeof JournalEntrySchema>;

/** Small named texts of this machine, each owned by one process. `state/` implements it on disk. */
export interface JournalStore {
  /** Writes or replaces a text of this process. Resolves when it is durable; rejects when the disk does not reply in seconds. */
  put(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Takes over the wanted texts of owners that are certainly dead. Of several processes that try, one gets each text and owns it afterwards. */
  takeOrphans(wanted: (text: string) => boolean): Promise<{ name: string; text: string }[]>;
  /** Returns all texts, whoever owns them, to be shown. */
  list(): Promise<{ name: string; text: string; owner: "alive" | "dead" | "unknown" }[]>;
}

/** A start in the ledger of what runs cost. Without a run none was started. */
export interface LedgerStart {
  ledgerId: string;
  runId?: string | undefined;
  deploymentId?: string | undefined;
}

/** Who has to be asked before a run is forgotten. Default: nobody. */
export interface RunKeepers {
  /** Resolves when nothing needs the entry any more. `outcome` is what the record of the run shows, where it was seen to end. */
  beforeForgetting(runId: string, outcome: Outcome | undefined, host: string): Promise<void>;
  /** What the start in the ledger came to: a crash, or an answer that was lost, may have kept that from being noted. */
  attribute?(start: LedgerStart): Promise<void>;
  /** The same for a run that is left waiting for a person. Takes a bounded time. */
  beforeLeaving?(run: Pick<RunRef, "runId">): Promise<void>;
}

export interface JournalOptions {
  store: JournalStore;
  keepers?: RunKeepers | undefined;
  /** Whether the folder of a caretaker is there. Default: none is. */
  isKept?: ((folder: string) => Promise<boolean>) | undefined;
  /** Identifies the service and the account without revealing the key. Called when it is needed; may throw or reject. */
  account: () => string | Promise<string>;
  host: string;
  ambient: Ambient;
  log: Log;
}

export class Journal {
  readonly #store: JournalStore;
  readonly #ambient: Ambient;
  readonly #log: Log;
  readonly #account: JournalOptions["account"];
  readonly #host: string;
  readonly #keepers: RunKeepers | undefined;
  readonly #isKept: (folder: string) => Promise<boolean>;
  readonly #removals = new Set<Promise<void>>();
  readonly #late: LateRemovals;

  constructor({ store, account, host, ambient, log, keepers, isKept = async () => false }: JournalOptions) {
    this.#store = store;
    this.#keepers = keepers;
    this.#isKept = isKept;
    this.#account = account;
    this.#host = host;
    this.#ambient = ambient;
    this.#log = log;
    this.#late = new LateRemovals((name) => store.remove(name), ambient);
  }

  /** Returns the entry of one request. Nothing is written yet. */
  pendingEntry(
    requestId: string,
    request: Pick<RunRequest, "conversationId" | "message" | "detach" | "caretaker" | "ledgerId">,
  ): PendingEntry {
    const { conversationId, message, detach = false, caretaker, ledgerId } = request;
    const known = conversationId === undefined ? {} : { conversationId, messageDigest: digestOf(message) };
    const kept = caretaker && { keptIn: caretaker.folder };
    const inLedger = ledgerId === undefined ? {} : { ledgerId };
    return new PendingEntry(this, { requestId, ...known, ...kept, ...inLedger }, !detach);
  }

  /** Writes the entry. Resolves with whether it is on disk. */
  async note(entry: Omit<JournalEntry, "v" | "account" | "host" | "since">): Promise<boolean> {
    try {
      const written: JournalEntry = {
        v: 1,
        account: await this.#account(),
        host: this.#host,
        since: this.#ambient.now(),
        ...entry,
      };
      await this.#late.keep(entry.requestId);
      await this.#store.put(entry.requestId, JSON.stringify(written));
      return true;
    } catch (error) {
      this.#log("warn", "the journal could not be written; a crash now could leave a run behind", {
        error: error instanceof Error ? error.message : "",
      });
      return false;
    }
  }

  /** What has to be kept of the record of an ended run: nothing when nobody has to be told. */
  endOf(record: Run | undefined): Outcome | undefined {
    return this.#keepers && record && outcomeOfRecord(record);
  }

  /** Removes the entry of a run that has ended, once nothing needs it any more. */
  async forget(entry: ForgottenEntry, end: Outcome | undefined): Promise<void> {
    const { requestId, runId, host = this.#host, ledgerId, deploymentId } = entry;
    const known = end?.run?.runId ?? runId;
    if (ledgerId !== undefined) await this.#keepers?.attribute?.({ ledgerId, runId: known, deploymentId });
    if (known !== undefined) await this.#keepers?.beforeForgetting(known, end, host);
    await this.remove(requestId);
  }

  /** Removes the entry of a run that waits for a person. */
  async leave({ requestId, runId }: ForgottenEntry): Promise<void> {
    if (runId !== undefined) await this.#keepers?.beforeLeaving?.({ runId });
    await this.remove(requestId);
  }

  /** Removes the entry at once; one that cannot be removed is tried again. `level`: how that is logged, the first time. */
  async remove(requestId: string, level: LogLevel = "warn"): Promise<void> {
    try {
      await this.#store.remove(requestId);
    } catch (error) {
      this.#log(this.#late.none ? level : "debug", "a journal entry could not be removed; it is tried again", {
        error: error instanceof Error ? error.message : "",
      });
      this.#late.add(requestId);
    }
  }

  /** Resolves when every removal so far is done, or has failed again. A process that exits earlier leaves work to the next sweep. */
  async idle(): Promise<void> {
    await Promise.all(this.#removals);
    if (!this.#late.none) await this.#late.tryAll();
  }

  /** Makes `idle` wait for a removal. */
  track(removal: Promise<void>): Promise<void> {
    this.#removals.add(removal);
    return removal.finally(() => this.#removals.delete(removal));
  }

  /** Takes over and returns the entries that dead processes left for this account. Those of other accounts, and those with a caretaker, stay. */
  async orphans(): Promise<JournalEntry[]> {
    const account = await this.#account();
    const gone = await this.#foldersThatAreGone();
    const taken = await this.#store.takeOrphans((text) => {
      const entry = parseEntry(text);
      return entry?.account === account && (entry.keptIn === undefined || gone.has(entry.keptIn));
    });
    return taken.flatMap(({ text }) => parseEntry(text) ?? []);
  }

  async #foldersThatAreGone(): Promise<Set<string>> {
    const entries = (await this.#store.list()).map(({ text }) => parseEntry(text));
    const folders = [...new Set(entries.flatMap((entry) => entry?.keptIn ?? []))];
    const kept = await Promise.all(folders.map((folder) => this.#isKept(folder)));
    return new Set(folders.filter((_, index) => !kept[index]));
  }
}

type ForgottenEntry = Pick<JournalEntry, "requestId" | "runId" | "ledgerId"> & { host?: string; deploymentId?: string };

type Entry = Pick<JournalEntry, "requestId" | "conversationId" | "messageDigest" | "keptIn" | "ledgerId">;

/**
 * The entry of one request. Its writes keep their order, and nothing is written after its removal. The entry of a detached
 * run is held back, because a crash must not cancel the run, until `keep` says that it is to be cancelled after all.
 */
export class PendingEntry {
  readonly #journal: Journal;
  #entry: Entry & Partial<Pick<JournalEntry, "deploymentId" | "runId" | "resumedAt">>;
  #kept: boolean;
  #end: Outcome | undefined;
  /** Whether an entry is on disk. A later write that fails, as on a disk that is full by then, leaves the earlier one there. */
  #written: Promise<boolean> = Promise.resolve(false);
  /** Whether one may be there. A write that was given up may still come to be. */
  #tried = false;

  constructor(journal: Journal, entry: Entry, kept: boolean) {
    this.#journal = journal;
    this.#entry = entry;
    this.#kept = kept;
  }

  /** Writes what is known: without `runId` before the create call, with it afterwards. Resolves when it is on disk; never rejects. */
  async note({ deploymentId, runId }: { deploymentId: string; runId?: string }): Promise<void> {
    this.#entry = { ...this.#entry, deploymentId, ...(runId === undefined ? {} : { runId }) };
    await this.#write();
  }

  /** Writes that the run is asked to go on. Resolves as `note` does. */
  async noteResume(resumedAt: number): Promise<void> {
    this.#entry = { ...this.#entry, resumedAt };
    await this.#write();
  }

  /** Writes an entry that was held back, now and from here on. */
  keep(): void {
    if (this.#kept) return;
    this.#kept = true;
    void this.#write();
  }

  async #write(): Promise<void> {
    const { deploymentId, ...entry } = this.#entry;
    if (!this.#kept || deploymentId === undefined) return;
    this.#tried = true;
    this.#written = this.#written.then(
      async (before) => (await this.#journal.note({ ...entry, deploymentId })) || before,
    );
    await this.#written;
  }

  /** The run was seen to end. */
  noteEnd(record: Run): void {
    this.#end = this.#journal.endOf(record);
  }

  /** The run has ended, or was left alone on purpose. Never rejects. */
  forget(): Promise<void> {
    return this.#remove((entry) => this.#journal.forget(entry, this.#end));
  }

  /** The run is left waiting for a person. Never rejects. */
  leave(): Promise<void> {
    return this.#remove((entry) => this.#journal.leave(entry));
  }

  /** Nothing ran under this entry. Never rejects. */
  discard(): Promise<void> {
    return this.#remove(({ requestId }) => this.#journal.remove(requestId));
  }

  #remove(remove: (entry: ForgottenEntry) => Promise<void>): Promise<void> {
    return this.#journal.track(this.#removeWritten(remove));
  }

  async #removeWritten(remove: (entry: ForgottenEntry) => Promise<void>): Promise<void> {
    const [written, tried] = [this.#written, this.#tried];
    this.#written = Promise.resolve(false);
    this.#tried = false;
    if (await written) await remove(this.#entry);
    else if (tried) await this.#journal.remove(this.#entry.requestId, "debug"); // the failure to write was told
  }
}

/** Parses a file of the journal. Returns undefined for one that is incomplete or of another version. */
export function parseEntry(text: string): JournalEntry | undefined {
  return JournalEntrySchema.safeParse(parseJson(text), JITLESS).data;
}

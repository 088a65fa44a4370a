/**
 * What this machine has in flight, written ahead: the intent with its marker before the create call, the run's id after
 * it. It is read only after a crash, by the next start (`sweep.ts`); a healthy run does not need it, so a journal that
 * cannot be written costs a warning and nothing else.
 */
import * as z from "zod";
import { asFailure } from "../support/failure.ts";
import type { Log } from "../support/log.ts";

export const JournalEntrySchema = z.object({
  v: z.literal(1),
  /** Marker in the create call, and the entry's name. */
  requestId: z.guid(),
  deploymentId: z.string(),
  /** Which service and account: another key or base must not be asked about it. */
  account: z.string(),
  /** Absent between the intent and the create call's answer. */
  runId: z.string().optional(),
  conversationId: z.string().optional(),
  message: z.string().optional(),
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

export class Journal {
  readonly #store: JournalStore;
  readonly #log: Log;
  readonly #account: string;
  readonly #host: string;

  constructor(store: JournalStore, account: string, host: string, log: Log) {
    this.#store = store;
    this.#account = account;
    this.#host = host;
    this.#log = log;
  }

  /** Before the create call without `runId`, after it with it. Resolves when it is on disk. */
  async note(entry: Omit<JournalEntry, "v" | "account" | "host">): Promise<void> {
    const text = JSON.stringify({ v: 1, account: this.#account, host: this.#host, ...entry } satisfies JournalEntry);
    try {
      await this.#store.put(entry.requestId, text);
    } catch (error) {
      this.#log("warn", "the journal could not be written; a crash now could leave a run behind", {
        error: error instanceof Error ? error.message : "",
      });
    }
  }

  /** The run has ended, was left alone on purpose, or never came to be. */
  async settled(requestId: string): Promise<void> {
    try {
      await this.#store.remove(requestId);
    } catch (error) {
      this.#log("warn", "a journal entry could not be removed", { kind: asFailure(error).kind });
    }
  }

  /** Entries of dead owners that concern this account; they are ours from now on. Others wait for whoever has their key. */
  async orphans(): Promise<JournalEntry[]> {
    const taken = await this.#store.takeOrphans((text) => parseEntry(text)?.account === this.#account);
    return taken.flatMap(({ text }) => parseEntry(text) ?? []);
  }
}

function parseEntry(text: string): JournalEntry | undefined {
  try {
    return JournalEntrySchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

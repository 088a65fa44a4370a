/**
 * The organization's inbox: what a person decides that is no pending approval of a waiting run, such as network requests that
 * are held, and lasting permissions that the service offers.
 */
import { type InboxDecision, type InboxEntry, isRefusal, type Rows, type SerenClient } from "../../seren/index.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import { EntryChanged, requestOfEntry } from "./inbox-entry.ts";
import { look } from "./look.ts";

/** States of an entry that waits no more. Any other word leaves it open. */
const CLOSED: ReadonlySet<string> = new Set(["approved", "denied", "expired"]);
/** Pages that are read of one listing. */
const MAX_PAGES = 20;
/** How a service refuses that knows no inbox. */
const NO_INBOX: ReadonlySet<number | undefined> = new Set([404, 405, 501]);

/** Whether the service has refused a page: the first, because it has no inbox, or the one that a cursor names. */
function isNoPage(failure: ExecutionFailure, isFirst: boolean): boolean {
  if (isFirst) return NO_INBOX.has(failure.details.status);
  return isRefusal(failure) && failure.kind !== "internal" && failure.kind !== "unauthorized";
}

export class Inbox {
  readonly #client: SerenClient;

  constructor(client: SerenClient) {
    this.#client = client;
  }

  /** Returns what waits, newest first; nothing from a service that has no inbox. */
  list(): Promise<Rows<InboxEntry>> {
    return look(this.#client, async (signal) => {
      const entries = new Map<string, InboxEntry>();
      const confused = new Set<string>();
      let unreadable = 0;
      let cursor: string | undefined;
      let pages = 0;
      try {
        for (; pages < MAX_PAGES; pages += 1) {
          const page = await this.#client.approvals.inboxPage(cursor, { signal });
          const known = entries.size;
          for (const entry of page.rows) {
            const other = entries.get(entry.entryId);
            if (!other) entries.set(entry.entryId, entry);
            else if (contentOf(other) !== contentOf(entry)) confused.add(entry.entryId);
          }
          unreadable += page.unreadable;
          if (page.nextCursor === undefined || page.nextCursor === cursor || entries.size === known) break;
          cursor = page.nextCursor;
        }
      } catch (error) {
        if (signal.aborted || !isNoPage(asFailure(error), pages === 0)) throw error;
        if (pages > 0) unreadable += 1; // the entries before it can be decided all the same
      }
      // A decision about an id that names two things could reach the other one.
      const rows = [...entries.values()].filter(({ entryId, state }) => !CLOSED.has(state) && !confused.has(entryId));
      return { rows, unreadable: unreadable + confused.size };
    });
  }

  /**
   * Sends a decision about an entry as it was shown, after a last look. It is sent once. Rejects with `EntryChanged` when the
   * entry is no longer what was shown, with `conflict` when it was decided elsewhere, with `unsupported` where the service
   * cannot decide it, and with `unknown_outcome` when the answer was lost.
   */
  async decide(shown: InboxEntry, decision: InboxDecision): Promise<void> {
    const now = (await this.list()).rows.find(({ entryId }) => entryId === shown.entryId);
    if (!now)
      throw new ExecutionFailure("conflict", "this no longer waits; it was decided elsewhere, or its time is over");
    if (contentOf(now) !== contentOf(shown)) throw new EntryChanged(now);
    const state = await this.#send(shown.entryId, decision);
    const wanted = decision.decision === "deny" ? "denied" : "approved";
    if (state !== wanted && CLOSED.has(state)) {
      throw new ExecutionFailure("conflict", `this was decided elsewhere: Seren Cloud says that it is ${state}`);
    }
  }

  async #send(entryId: string, decision: InboxDecision): Promise<string> {
    try {
      return await this.#client.approvals.decideInInbox(entryId, decision);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.kind === "unsupported") {
        throw new ExecutionFailure(
          "unsupported",
          `${failure.message}; nothing was decided. Seren's own page may be able to decide it`,
          { cause: failure, details: failure.details },
        );
      }
      if (isRefusal(failure)) throw failure;
      throw new ExecutionFailure(
        "unknown_outcome",
        `Seren Cloud did not confirm the decision (${failure.message}). It may have been taken, so it is not sent again; look whether it still waits before you decide once more`,
        { cause: failure },
      );
    }
  }
}

function contentOf(entry: InboxEntry): string {
  const { id, tool, reason, argsText, lease } = requestOfEntry(entry);
  return JSON.stringify([id, entry.kind, entry.runId, tool, reason, argsText, lease]);
}

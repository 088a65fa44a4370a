/**
 * Lists what waits for a person, and sends what the person decided. Nothing here decides: the caller names a decision for
 * every request, after a person has seen it.
 */
import {
  AWAITING_APPROVAL,
  type InboxEntry,
  mayAwaitApproval,
  type PendingApproval,
  type PendingApprovals,
  type Run,
  type SerenClient,
} from "../../seren/index.ts";
import { backoffMs, sleep } from "../../support/ambient.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { RunRef } from "../events.ts";
import { runRefOf } from "../run/outcome.ts";
import { type ApprovalRequest, type Checkpoint, RequestsChanged, type WaitingRun } from "./checkpoint.ts";
import { Inbox } from "./inbox.ts";
import { look } from "./look.ts";
import { type ApprovalDecision, sendDecisions } from "./send-decisions.ts";

/** How long the service's lists may lag behind what it knows (`docs/reference/seren-cloud-api.md`, section 3.11). */
const LAG_MS = 5_000;
const LOOK_AGAIN_BASE_MS = 250;
const LOOK_AGAIN_CAP_MS = 1_000;

/** All that waits for a person in an organization. */
export interface Waiting {
  runs: WaitingRun[];
  /** What waits and is no request of one of these runs. */
  entries: InboxEntry[];
  unreadable: number;
  /** Why the inbox could not be read; `entries` is empty then. */
  inboxFailure?: ExecutionFailure;
}

/** The record of a run, and what it waits for. */
type Look = [Run, PendingApprovals];

export class ApprovalDesk {
  readonly inbox: Inbox;
  readonly #client: SerenClient;

  constructor(client: SerenClient) {
    this.#client = client;
    this.inbox = new Inbox(client);
  }

  async waiting(): Promise<Waiting> {
    const inbox = this.inbox.list().catch(asFailure);
    const { rows, unreadable } = await look(this.#client, (signal) => this.#client.approvals.waitingRuns({ signal }));
    const runs = rows
      .filter(({ status }) => mayAwaitApproval(status))
      .map(({ runId, deploymentId = "", approvals }) => ({
        run: { runId, deploymentId },
        requests: approvals.map(requestOf),
      }));
    const found = await inbox;
    if (found instanceof ExecutionFailure) return { runs, entries: [], unreadable, inboxFailure: found };
    const shown = new Map(
      runs.map(({ run, requests }) => [run.runId.toLowerCase(), new Set(requests.map(({ id }) => id))]),
    );
    const entries = found.rows.filter(({ kind, runId = "", toolCallId = "" }) => {
      const requests = shown.get(runId.toLowerCase());
      return !requests?.has(toolCallId) && !(requests && kind === "tool_call");
    });
    return { runs, entries, unreadable: unreadable + found.unreadable };
  }

  /**
   * Rejects with `not_found` for an unknown run, and with `conflict` for one that does not wait. Requests that a waiting run
   * does not show yet are waited for, a few seconds long.
   */
  async checkpoint(runId: string): Promise<Checkpoint> {
    const found = await this.#lookUntil(runId, LAG_MS, checkpointIn, (seen) => !(seen instanceof ExecutionFailure));
    if (found instanceof ExecutionFailure) throw found;
    return found;
  }

  /**
   * Returns the entries of the inbox that offer a lasting permission for a request of the checkpoint: one for each request,
   * because one is shown with it, and what is not shown must not be granted.
   */
  async offers({ run, requests }: Checkpoint): Promise<InboxEntry[]> {
    const { rows } = await this.inbox.list();
    return requests.flatMap(
      ({ id }) =>
        rows.find(({ lease, runId, toolCallId }) => lease !== undefined && runId === run.runId && toolCallId === id) ??
        [],
    );
  }

  /**
   * Sends a decision for every request of the checkpoint, after a last look whether it is still what was shown. The lasting
   * permissions of `always` are granted first. Returns the run that goes on, which may be a new one. Rejects with
   * `RequestsChanged` when it is not what was shown, with `conflict` when the requests were decided elsewhere in the
   * meantime, and with `unknown_outcome` when it is not known whether the decision was taken.
   */
  async decide(
    shown: Checkpoint,
    decisionOf: (id: string) => ApprovalDecision,
    { always = [] }: { always?: readonly InboxEntry[] } = {},
  ): Promise<RunRef> {
    const { run, requests, checkpointId } = shown;
    await this.#mustBeUnchanged(shown);
    for (const entry of always) {
      if (entry.lease) await this.inbox.decide(entry, { decision: "allow_always", lease: entry.lease });
    }
    if (always.length > 0) await this.#mustBeUnchanged(shown); // granting them took a while
    const decisions = requests.map(({ id }) => ({ id, decision: decisionOf(id) }));
    return sendDecisions(this.#client, { run, checkpointId, decisions }, ({ patiently }) =>
      this.#waitsAt(shown, patiently ? LAG_MS : 0),
    );
  }

  /** Rejects with `RequestsChanged` when the service shows other requests now than those a person has seen. */
  async #mustBeUnchanged(shown: Checkpoint): Promise<void> {
    const now = await this.checkpoint(shown.run.runId);
    if (now.checkpointId !== shown.checkpointId || askedIn(now.requests) !== askedIn(shown.requests)) {
      throw new RequestsChanged(now);
    }
  }

  /** Whether the run waits at the checkpoint now, for what was shown, and still does so after `forMs`. */
  #waitsAt({ run, checkpointId, requests }: Checkpoint, forMs: number): Promise<boolean> {
    const asked = askedIn(requests);
    const waitsHere = ([record, pending]: Look) =>
      [record, pending].every(({ status }) => mayAwaitApproval(status)) &&
      (pending.checkpointId ?? checkpointId) === checkpointId &&
      pending.unreadable === 0 &&
      askedIn(pending.approvals.map(requestOf)) === asked;
    return this.#lookUntil(run.runId, forMs, waitsHere, (waits) => !waits);
  }

  /** Looks at a run until what `read` makes of it is enough, or `forMs` have passed: lists may lag. Returns what it made last. */
  #lookUntil<T>(runId: string, forMs: number, read: (seen: Look) => T, isEnough: (made: T) => boolean): Promise<T> {
    return look(this.#client, async (signal) => {
      const { ambient } = this.#client;
      const until = ambient.now() + forMs;
      for (let looks = 0; ; looks += 1) {
        const made = read(
          await Promise.all([this.#client.getRun(runId, { signal }), this.#client.approvals.ofRun(runId, { signal })]),
        );
        if (isEnough(made) || ambient.now() >= until) return made;
        await sleep(ambient, backoffMs(ambient, looks, LOOK_AGAIN_BASE_MS, LOOK_AGAIN_CAP_MS), signal);
      }
    });
  }
}

/** Returns the failure of a checkpoint that is not whole yet. */
function checkpointIn([record, pending]: Look): Checkpoint | ExecutionFailure {
  const requests = pending.approvals.map(requestOf);
  if (record.status !== AWAITING_APPROVAL && pending.status !== AWAITING_APPROVAL) {
    throw new ExecutionFailure("conflict", `the run does not wait for an approval; it is ${record.status}`);
  }
  if (pending.unreadable > 0) {
    throw undecidable(
      `${pending.unreadable} of the requests of this run cannot be read, and all have to be decided together`,
    );
  }
  if (requests.length === 0) return undecidable("the run waits, and Seren Cloud does not say what it asks for");
  if (!pending.checkpointId) return undecidable("Seren Cloud does not say where the run waits");
  return { run: runRefOf(record), requests, checkpointId: pending.checkpointId };
}

/** Everything of the requests that a person sees. */
function askedIn(requests: readonly ApprovalRequest[]): string {
  return JSON.stringify(requests.map(({ id, tool, reason, argsText }) => [id, tool, reason, argsText]));
}

function requestOf({ id, tool, reason, args, argsText }: PendingApproval): ApprovalRequest {
  return { id, tool, args: args ?? {}, argsText, ...(reason ? { reason } : {}) };
}

function undecidable(why: string): ExecutionFailure {
  return new ExecutionFailure("contract", `${why}; try again, or decide it on Seren's own page`);
}

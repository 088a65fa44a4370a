/** Calls about what waits for a person. A decision is sent once by each call: whether to send another is the core's to say. */
import { MAX_PAGE } from "#protocols/seren-cloud";
import { unabortable } from "../../support/abort.ts";
import { readInvocation, readPendingApprovals, readPendingRuns } from "../mapping/answers.ts";
import { readInboxPage, readInboxState } from "../mapping/inbox.ts";
import { approvalDecisionsBody } from "../mapping/requests.ts";
import type { CheckpointDecisions, InboxDecision, InboxPage, PendingApprovals, PendingRun, Rows } from "../model.ts";
import type { Caller, CallOptions } from "./caller.ts";
import { envelopeOf } from "./envelope.ts";
import { queryString, quotedSegment, runPath } from "./path.ts";

export class ApprovalCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** What one run waits for. */
  async ofRun(runId: string, options: CallOptions): Promise<PendingApprovals> {
    const read = readPendingApprovals(runId);
    return this.#caller.get({ path: `${runPath(runId)}/pending_approvals`, subject: "the run", read }, options);
  }

  /** The organization's runs that wait for a person. */
  async waitingRuns(options: CallOptions): Promise<Rows<PendingRun>> {
    const path = `/pending_approvals${queryString({ limit: MAX_PAGE.approvals })}`;
    return this.#caller.get({ path, subject: "the list of approvals", read: readPendingRuns }, options);
  }

  /**
   * Sends decisions to a waiting run itself, which goes on. (Creating a run with them is the documented way.) Returns the id
   * of the run that goes on, where the answer names one. Takes no signal: a request that is cut off may have been taken.
   */
  async resumeInPlace(runId: string, decisions: CheckpointDecisions): Promise<string | undefined> {
    const path = `${runPath(runId)}/resume`;
    const body = approvalDecisionsBody(decisions);
    const call = { method: "POST", path, subject: "the run", body, signal: unabortable() } as const;
    return readInvocation(envelopeOf(await this.#caller.send(call))?.data).runId;
  }

  /** One page of the inbox, newest entry first. */
  async inboxPage(cursor: string | undefined, options: CallOptions): Promise<InboxPage> {
    const path = `/inbox/approvals${queryString({ limit: MAX_PAGE.inbox, cursor })}`;
    return this.#caller.get({ path, subject: "the inbox", read: readInboxPage }, options);
  }

  /** Returns the state of the entry, which is that of an earlier decision where there was one. Takes no signal, as above. */
  async decideInInbox(entryId: string, decision: InboxDecision): Promise<string> {
    const path = `/inbox/approvals/${quotedSegment(entryId)}/decide`;
    const call = { method: "POST", path, subject: "the entry of the inbox", body: decision } as const;
    const response = await this.#caller.send({ ...call, signal: unabortable() });
    return readInboxState(envelopeOf(response)?.data);
  }
}

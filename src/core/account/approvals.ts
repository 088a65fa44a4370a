/**
 * Lists the runs that wait for a person, and sends what the person decided. Nothing here decides: the caller names a
 * decision for every request, after a person has seen it.
 */
import {
  AWAITING_APPROVAL,
  type PendingApproval,
  type Rows,
  type SerenClient,
  UNKNOWN_STATUS,
} from "../../seren/index.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { RunRef } from "../events.ts";
import { runRefOf } from "../run/outcome.ts";
import { type ApprovalRequest, type Checkpoint, RequestsChanged, type WaitingRun } from "./checkpoint.ts";
import { look } from "./look.ts";

export type ApprovalDecision = "approve" | "reject";

export class ApprovalDesk {
  readonly #client: SerenClient;

  constructor(client: SerenClient) {
    this.#client = client;
  }

  async waiting(): Promise<Rows<WaitingRun>> {
    const { rows, unreadable } = await look(this.#client, (signal) => this.#client.listPendingRuns({ signal }));
    const waiting = rows
      .filter(({ status }) => status === AWAITING_APPROVAL || status === UNKNOWN_STATUS)
      .map(({ runId, deploymentId = "", approvals }) => ({
        run: { runId, deploymentId },
        requests: approvals.map(requestOf),
      }));
    return { rows: waiting, unreadable };
  }

  /** Rejects with `not_found` for an unknown run, and with `conflict` for one that does not wait. */
  async checkpoint(runId: string): Promise<Checkpoint> {
    const [record, pending] = await look(this.#client, (signal) =>
      Promise.all([this.#client.getRun(runId, { signal }), this.#client.getPendingApprovals(runId, { signal })]),
    );
    const requests = pending.approvals.map(requestOf);
    const waits = record.status === AWAITING_APPROVAL || pending.status === AWAITING_APPROVAL;
    if (!waits || requests.length === 0) {
      throw new ExecutionFailure("conflict", `the run does not wait for an approval; it is ${record.status}`);
    }
    if (pending.unreadable > 0) {
      throw new ExecutionFailure(
        "contract",
        `${pending.unreadable} of the requests of this run cannot be read, and all have to be decided together; decide them on Seren's own page`,
      );
    }
    if (!pending.checkpointId) {
      throw new ExecutionFailure(
        "contract",
        "Seren Cloud does not say where the run waits, so it cannot be decided from here; decide it on Seren's own page",
      );
    }
    return { run: runRefOf(record), requests, checkpointId: pending.checkpointId };
  }

  /**
   * Sends a decision for every request of the checkpoint, after a last look whether it is still what was shown. Returns
   * the run that goes on, which may be a new one. Rejects with `RequestsChanged` when it is not, and with
   * `conflict` when the requests were decided elsewhere in the meantime.
   */
  async decide(shown: Checkpoint, decisionOf: (id: string) => ApprovalDecision): Promise<RunRef> {
    const { run, requests, checkpointId } = shown;
    await this.#mustBeUnchanged(shown);
    try {
      const { invocation } = await this.#client.createRun(run.deploymentId, {
        resume: { checkpointId, decisions: requests.map(({ id }) => ({ id, decision: decisionOf(id) })) },
      });
      return { ...run, runId: invocation.runId ?? run.runId };
    } catch (error) {
      throw await this.#explain(run, asFailure(error));
    }
  }

  /** Rejects with `RequestsChanged` when the service shows other requests now than those a person has seen. */
  async #mustBeUnchanged(shown: Checkpoint): Promise<void> {
    const now = await this.checkpoint(shown.run.runId);
    const asked = ({ checkpointId, requests }: Checkpoint) =>
      JSON.stringify([checkpointId, requests.map(({ id, tool, reason, argsText }) => [id, tool, reason, argsText])]);
    if (asked(now) !== asked(shown)) throw new RequestsChanged(now);
  }

  /** Returns the failure to throw. The call is not repeated: it may have taken effect, which the status of the run shows. */
  async #explain({ runId }: RunRef, failure: ExecutionFailure): Promise<ExecutionFailure> {
    const record = look(this.#client, (signal) => this.#client.getRun(runId, { signal }));
    const status = (await record.catch(() => undefined))?.status;
    if (status === undefined || status === AWAITING_APPROVAL) return failure;
    return new ExecutionFailure(
      "conflict",
      `the run no longer waits (it is ${status}), and Seren Cloud did not confirm this decision: it may have been decided elsewhere, or the answer was lost`,
      { cause: failure },
    );
  }
}

function requestOf({ id, tool, reason, args, argsText }: PendingApproval): ApprovalRequest {
  return { id, tool, args: args ?? {}, argsText, ...(reason ? { reason } : {}) };
}

/**
 * Runs that wait for a person, and telling the service what the person decided. Nothing here decides: the caller names a
 * verdict for every request, having shown it to somebody.
 */
import { AWAITING_APPROVAL, type PendingApproval, type SerenClient } from "../../seren/index.ts";
import { asFailure, ExecutionFailure } from "../../support/failure.ts";
import type { Approval, RunRef } from "../events.ts";
import { runRefOf } from "../run/outcome.ts";

/** What would happen, in full: it must be shown whole before it is allowed. */
export interface ApprovalRequest extends Approval {
  args: unknown;
}

export interface WaitingRun {
  run: RunRef;
  requests: ApprovalRequest[];
}

/** A waiting run at one checkpoint: what was looked at is what is decided. */
export interface Checkpoint extends WaitingRun {
  checkpointId: string;
}

export type ApprovalDecision = "approve" | "reject";

export class ApprovalDesk {
  readonly #client: SerenClient;

  constructor(client: SerenClient) {
    this.#client = client;
  }

  async waiting(): Promise<WaitingRun[]> {
    const runs = await this.#client.listPendingRuns();
    return runs
      .filter(({ status }) => status === AWAITING_APPROVAL)
      .map((row) => ({
        run: { runId: row.runId, deploymentId: row.deploymentId },
        requests: row.approvals.map(requestOf),
      }));
  }

  /** Rejects with `not_found` for an unknown run, and `conflict` for one that does not wait. */
  async checkpoint(runId: string): Promise<Checkpoint> {
    const [record, pending] = await Promise.all([this.#client.getRun(runId), this.#client.getPendingApprovals(runId)]);
    const requests = pending.approvals.map(requestOf);
    if (record.status !== AWAITING_APPROVAL || requests.length === 0) {
      throw new ExecutionFailure("conflict", `the run does not wait for an approval; it is ${record.status}`);
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
   * Sends one verdict for every request of the checkpoint. Answers the run that goes on, which may be a new one. A
   * checkpoint that somebody else decided meanwhile is refused by the service; that reads `conflict` here.
   */
  async decide(
    { run, requests, checkpointId }: Checkpoint,
    verdictOf: (id: string) => ApprovalDecision,
  ): Promise<RunRef> {
    try {
      const { invocation } = await this.#client.createRun(run.deploymentId, {
        resume: { checkpointId, decisions: requests.map(({ id }) => ({ id, decision: verdictOf(id) })) },
      });
      return { ...run, runId: invocation.runId ?? run.runId };
    } catch (error) {
      throw await this.#explained(run, asFailure(error));
    }
  }

  /** The call is not repeated: its answer may be lost after it took effect, and the run itself tells. */
  async #explained({ runId }: RunRef, failure: ExecutionFailure): Promise<ExecutionFailure> {
    const status = (await this.#client.getRun(runId).catch(() => undefined))?.status;
    if (status === undefined || status === AWAITING_APPROVAL) return failure;
    return new ExecutionFailure(
      "conflict",
      `the run waits no longer (it is ${status}), and Seren Cloud did not confirm this decision: somebody else may have decided, or the answer was lost`,
      { cause: failure },
    );
  }
}

function requestOf({ id, tool, reason, args }: PendingApproval): ApprovalRequest {
  return { id, tool, args: args ?? {}, ...(reason ? { reason } : {}) };
}

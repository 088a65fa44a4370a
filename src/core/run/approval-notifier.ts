/** Tells what a person has to decide, once for each set of requests. */
import { AWAITING_APPROVAL, type CallOptions, type SerenClient } from "../../seren/index.ts";
import type { Approval, ExecutionEvent } from "../events.ts";
import { approvalsOf } from "./outcome.ts";

export interface Undecided {
  approvals: Approval[];
  checkpointId?: string;
}

export class ApprovalNotifier {
  #shown = "";

  /** Answers what is still open; `undefined` when it was decided in the meantime. */
  async *emit(
    client: SerenClient,
    runId: string,
    reason: string | undefined,
    options: CallOptions,
  ): AsyncGenerator<ExecutionEvent, Undecided | undefined, void> {
    const pending = await client.getPendingApprovals(runId, options);
    if (pending.status !== AWAITING_APPROVAL) return undefined;
    const approvals = approvalsOf(pending.approvals);
    const shown = approvals.map(({ id }) => id).join("\n") || "none";
    if (shown !== this.#shown) {
      this.#shown = shown;
      yield { type: "approval_wait", approvals, ...(reason ? { reason } : {}) };
    }
    return { approvals, ...(pending.checkpointId ? { checkpointId: pending.checkpointId } : {}) };
  }
}

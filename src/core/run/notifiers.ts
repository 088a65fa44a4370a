/** Events about the state of a run. Each notifier reports a state or a question once, however often it is seen. */
import {
  AWAITING_APPROVAL,
  type CallOptions,
  endingOf,
  mayAwaitApproval,
  type SerenClient,
} from "../../seren/index.ts";
import type { Approval, ExecutionEvent, Phase, RunRef } from "../events.ts";
import { approvalsOf } from "./outcome.ts";

export function statusEvent(phase: Phase, { detail, run }: { detail?: string | undefined; run?: RunRef } = {}) {
  return { type: "status", phase, ...(detail ? { detail } : {}), ...(run ? { run } : {}) } satisfies ExecutionEvent;
}

/** Returns the phase of a run that has not ended. Statuses this version does not know count as `running`. */
export function phaseOf(status: string): Phase {
  if (status === "queued") return "queued";
  return status === AWAITING_APPROVAL ? "awaiting_approval" : "running";
}

/** Turns the statuses of one run into status events. */
export class StatusNotifier {
  readonly #run: RunRef;
  #last = "";
  #isReconciling = false;

  constructor(run: RunRef) {
    this.#run = run;
  }

  /** Emits nothing for a repeated status, nor for an end: the outcome reports that, after all events. */
  *emit(status: string, detail: string | undefined): Generator<ExecutionEvent, void, void> {
    const state = `${status}\n${detail ?? ""}`;
    if (state === this.#last) return;
    this.#last = state;
    if (endingOf(status)) return;
    yield statusEvent(phaseOf(status), { detail: detail === status ? undefined : detail, run: this.#run });
  }

  /** Emits `reconciling`, once. */
  *emitReconciling(): Generator<ExecutionEvent, void, void> {
    if (this.#isReconciling) return;
    this.#isReconciling = true;
    yield statusEvent("reconciling", { run: this.#run });
  }
}

/** What a run waits for. */
export interface Undecided {
  approvals: Approval[];
  checkpointId?: string;
}

/** Reports what a person has to decide, once for each set of requests. */
export class ApprovalNotifier {
  readonly #client: SerenClient;
  readonly #runId: string;
  #last = "";

  constructor(client: SerenClient, runId: string) {
    this.#client = client;
    this.#runId = runId;
  }

  /** Returns what is still to be decided, or undefined when it was decided in the meantime. */
  async *emit(
    reason: string | undefined,
    options: CallOptions,
  ): AsyncGenerator<ExecutionEvent, Undecided | undefined, void> {
    const pending = await this.#client.approvals.ofRun(this.#runId, options);
    if (!mayAwaitApproval(pending.status)) return undefined;
    const approvals = approvalsOf(pending.approvals);
    const requests = approvals.map(({ id }) => id).join("\n") || "none";
    if (requests !== this.#last) {
      this.#last = requests;
      yield { type: "approval_wait", approvals, ...(reason ? { reason } : {}) };
    }
    return { approvals, ...(pending.checkpointId ? { checkpointId: pending.checkpointId } : {}) };
  }
}

/** Decisions of a person about what a run waits for: which are refused, and how often each checkpoint was decided. */
import { ApiError, badRequest, conflict } from "../http/api-error.ts";
import type { Run } from "../model/run.ts";
import type { Decisions } from "../model/run-data.ts";
import type { Decision } from "./body-schemas.ts";

/** A way to send decisions, and how the service refuses it: a service may know the other way only. */
export interface RefusedDecisions {
  where: "create_run" | "resume";
  status: keyof typeof REFUSALS;
}

const REFUSALS = {
  400: "BadRequest",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  422: "UnprocessableEntity",
} as const;

export class DecisionLog {
  readonly #refused: RefusedDecisions | undefined;
  readonly #received = new Map<string, number>();

  constructor(refused?: RefusedDecisions) {
    this.#refused = refused;
  }

  /** How often a checkpoint was decided: 1, and one more for each time that it was sent again. */
  get received(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#received);
  }

  /** Throws an `ApiError` when decisions are not taken here, or when the checkpoint was decided before (409). */
  refuseUnlessNew(checkpointId: string, where: RefusedDecisions["where"]): void {
    if (this.#refused?.where === where) {
      const { status } = this.#refused;
      throw new ApiError(status, REFUSALS[status], "Approval decisions are not taken here");
    }
    const count = this.#received.get(checkpointId);
    if (count === undefined) return;
    this.#received.set(checkpointId, count + 1);
    throw conflict("The checkpoint was decided already");
  }

  /**
   * Returns the decisions by approval id, and counts the checkpoint as decided. Throws an `ApiError` unless the run
   * waits at this checkpoint (409) and every pending approval is decided exactly once (400).
   */
  take(run: Run, checkpointId: string, decisions: readonly Decision[]): Decisions {
    if (!run.awaitsDecisions) throw conflict("The run is not awaiting approval");
    if (checkpointId !== run.checkpointId) throw conflict("The checkpoint is not the run's current one");
    const byId = new Map(decisions.map(({ id, decision }) => [id, decision]));
    if (byId.size !== decisions.length) throw badRequest("approval_decisions: an id is given more than once");
    for (const { id } of run.pending) {
      if (!byId.has(id)) throw badRequest(`approval_decisions: no decision for ${id}`);
    }
    for (const id of byId.keys()) {
      if (!run.pending.some((approval) => approval.id === id)) {
        throw badRequest(`approval_decisions: ${id} is not pending`);
      }
    }
    this.#received.set(checkpointId, 1);
    return byId;
  }
}

/** Checks a person's decisions against what a run waits for. */
import { badRequest, conflict } from "../http/api-error.ts";
import type { Decisions, Run } from "../model/run.ts";
import type { Decision } from "./body-schemas.ts";

/**
 * Returns the decisions by approval id. Throws an `ApiError` unless the run waits at this checkpoint (409) and every
 * pending approval is decided exactly once (400).
 */
export function checkDecisions(run: Run, checkpointId: string, decisions: readonly Decision[]): Decisions {
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
  return byId;
}

/** Asks what a run is doing, one way after the other. */
import { sleep } from "../../support/ambient.ts";
import { type FailureKind, isOneOf } from "../../support/failure.ts";
import type { SerenClient } from "../client/client.ts";
import { isUnreadable } from "../client/pages.ts";
import { leavesOpen, stateFromRecord, UNREADABLE_STATE } from "../client/status.ts";
import type { LiveState } from "../model.ts";

const AGAIN_EVERY_MS = 1_500;

/** Refusals of one way to ask about a run. Another way may still succeed. */
export const ASK_ELSEWHERE: ReadonlySet<FailureKind> = new Set(["not_found", "unsupported", "contract"]);

export interface AskOptions {
  client: SerenClient;
  runId: string;
  signal: AbortSignal;
  /** Whether the failure may only mean that the run was just created. */
  mayBeTooNew(error: unknown): boolean;
}

/**
 * Returns the run's state; where the service shows none, or one that leaves open how the run is, with the status of the
 * record; where neither says it, one that leaves it open, so that the stream decides. Rejects with the failure when both
 * are refused for good.
 */
export async function askState({ client, runId, signal, mayBeTooNew }: AskOptions): Promise<LiveState> {
  const untilAborted = { signal, attempts: Number.POSITIVE_INFINITY };
  for (;;) {
    let open: LiveState | undefined;
    try {
      const state = await client.getRunState(runId, untilAborted);
      if (!leavesOpen(state)) return state;
      open = state;
    } catch (error) {
      if (!isOneOf(ASK_ELSEWHERE, error)) throw error;
    }
    try {
      const state = stateFromRecord(await client.getRun(runId, untilAborted));
      if (open === undefined) return state;
      return leavesOpen(state) ? open : { ...open, status: state.status, phase: state.phase, terminal: state.terminal };
    } catch (error) {
      if (isUnreadable(error)) return open ?? UNREADABLE_STATE;
      if (open && isOneOf(ASK_ELSEWHERE, error)) return open;
      if (!mayBeTooNew(error)) throw error;
    }
    await sleep(client.ambient, AGAIN_EVERY_MS, signal);
  }
}
